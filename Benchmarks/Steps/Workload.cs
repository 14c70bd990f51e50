using PyNetSharp.Layers;
using PyNetSharp.Models;

namespace PyNetSharp.Benchmarks;

/// <summary>What one step computes: a network, a batch size, and whether it trains.</summary>
internal sealed record Workload(NetworkDefinition Network, int Batch, bool Trains)
{
    /// <summary>The steps whose ratios to the peers are this project's measure.</summary>
    public static IReadOnlyList<Workload> Standard { get; } =
    [
        .. new[] { "nin", "nin-net", "nin-d2l", "alexnet", "alexnet-origin", "lenet5" }
            .Select(name => Training(NetworkCatalog.Find(name))),
        .. Inference("nin", 128, 1), .. Inference("nin-net", 16, 1), .. Inference("alexnet", 16, 1),
        .. Inference("alexnet-origin", 1), .. Inference("lenet5", 128, 1),
    ];

    /// <summary>Floating-point operations of a step, two to a multiply-add, as direct convolution has them.</summary>
    /// <remarks>
    /// The first layer's input needs no gradient, so training costs it two passes; the others cost three.
    /// </remarks>
    public long Operations
    {
        get
        {
            var model = Network.Create(new(Network.Input, Classes: 10), new Rng(1));
            var layers = ModelSummary.Of(model, Network.Input)
                .Where(layer => layer.Module is Conv2d or Linear).ToArray();
            var forward = layers.Sum(layer => layer.MultiplyAdds);
            return 2L * Batch * (Trains ? 3 * forward - layers[0].MultiplyAdds : forward);
        }
    }

    /// <summary>Whether inference calls the module itself, layer by layer, and not a compiled one.</summary>
    public bool IsPlain { get; init; }

    /// <summary>The beginning of a table's row.</summary>
    public string Title =>
        $"{Network.Name,-15} {(Trains ? "training" : IsPlain ? "plain" : "inference"),-9} {Batch,5}";

    /// <summary>
    /// The standard steps of these networks (of all if none is named), with the batch size and the kind of step
    /// replaced if they are given.
    /// </summary>
    /// <param name="names">Networks.</param>
    /// <param name="batch">Images per step; null for the standard number.</param>
    /// <param name="trains">Only training, or only inference; null for the standard steps.</param>
    public static IReadOnlyList<Workload> Choose(string[] names, int? batch, bool? trains) =>
    [
        .. (names.Length == 0
                ? Standard.Where(w => w.Trains == (trains ?? w.Trains))
                : names.Select(NetworkCatalog.Find).SelectMany(network => Of(network, trains)))
            .Select(w => batch is { } images ? w with { Batch = images } : w).Distinct()
    ];

    private static Workload[] Of(NetworkDefinition network, bool? trains)
    {
        var standard = Standard.Where(w => w.Network == network && w.Trains == (trains ?? w.Trains)).ToArray();
        return standard.Length > 0 ? standard : [Training(network) with { Trains = trains ?? true }];
    }

    private static IEnumerable<Workload> Inference(string name, params int[] batches) =>
        batches.Select(batch => new Workload(NetworkCatalog.Find(name), batch, Trains: false));

    private static Workload Training(NetworkDefinition network) =>
        new(network, network.Input[^1] > 100 ? 16 : 128, Trains: true);
}

using System.Diagnostics;
using System.Globalization;

namespace PyNetSharp.Benchmarks;

/// <summary>ONNX Runtime on our own export; inference alone.</summary>
/// <param name="Assembly">Of the program.</param>
/// <param name="Models">Has the files of the networks.</param>
/// <param name="Spins">Whether its threads spin while they wait, as they do unless told otherwise.</param>
internal sealed record OnnxRuntime(string Assembly, OnnxModels Models, bool Spins) : Peer
{
    public override string Title => "ONNX Runtime";

    public override bool Trains => false;

    public static IReadOnlyList<Peer> Configurations(string assembly, OnnxModels models) =>
        [new OnnxRuntime(assembly, models, true), new OnnxRuntime(assembly, models, false)];

    public override string ToString() => Spins ? "spinning" : "no spinning";

    public override ProcessStartInfo GetStartInfo(Workload workload, int threads) => new(
        PeerProject.DotNet,
        [
            Assembly, Models.PathOf(workload.Network), "--batch", Text(workload.Batch), "--threads", Text(threads),
            .. (string[])(Spins ? [] : ["--no-spinning"]),
        ]);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}

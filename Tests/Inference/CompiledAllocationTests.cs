using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A steady run allocates nothing: no object on any thread, no block from the system.</summary>
public sealed class CompiledAllocationTests
{
    private static IEnumerable<string> Networks => NetworkCatalog.All.Select(network => network.Name);

    [TestCaseSource(nameof(Networks))]
    public void A_network_allocates_nothing(string name)
    {
        var network = NetworkCatalog.Find(name);
        AssertAllocatesNothing(CompiledModelTests.CreateNarrow(name), [2, .. network.Input]);
    }

    private static Tensor Bias { get; } = Tensor.Uniform([8, 1, 1], 1, 2, new(5));

    private static readonly (string Name, Func<Module> Layer, Shape Shape)[] Layers =
    [
        ("ReLU, GELU", () => new Sequential(new ReLU(), new GELU()), [2, 8, 20, 20]),
        ("Residual", () => new Residual(new GELU(), relu: true), [2, 8, 20, 20]),
        ("BatchNorm2d", () => new BatchNorm2d(8), [2, 8, 20, 20]),
        ("LayerNorm", () => new LayerNorm(64), [70, 64]),
        ("GroupNorm", () => new GroupNorm(2, 8), [2, 8, 20, 20]),
        ("Flatten", () => new Flatten(), [4, 8, 20, 20]),
        ("Softmax", () => new Softmax(), [200, 64]),
        ("LogSoftmax", () => Of(x => x.LogSoftmax()), [200, 64]),
        ("Broadcasting", () => Of(x => (x * Bias) - (2 * x / Bias)), [2, 8, 20, 20]),
        ("Rows longer than a range", () => Of(x => x * x + x), [2, 40_000]),
        ("Sum, Mean", () => Of(x => x.Sum([1]) * x.Mean([2])), [40, 20, 20]),
        ("Sums in blocks", () => Of(x => x.Sum([0])), [300, 70]),
        ("Movement", () => Of(x => x.Permute(1, 0, 2)[.., 1..3].Pad([(1, 1)])), [20, 30, 40]),
        ("Concat, Expand", () => Of(x => Tensor.Concat([x, x.Sum([1], true).Expand(20, 30, 40)])), [20, 30, 40]),
    ];

    [TestCaseSource(nameof(Layers))]
    public void A_layer_allocates_nothing((string Name, Func<Module> Layer, Shape Shape) row) =>
        AssertAllocatesNothing(row.Layer(), row.Shape);

    private static void AssertAllocatesNothing(Module model, Shape shape)
    {
        using var compiled = model.Compile(shape);
        var input = new float[shape.Size];
        var output = new float[compiled.OutputShape.Size];
        for (var i = 0; i < 20; i++) compiled.Run(input, output);       // the JIT, and the device's threads
        var blocks = Device.Cpu.Memory.SystemAllocations;
        var (onThread, onAll) = (long.MaxValue, long.MaxValue);
        for (var attempt = 0; attempt < 5 && onAll > 0; attempt++)      // the test's host may allocate meanwhile
        {
            var total = GC.GetTotalAllocatedBytes(precise: true);
            var own = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 20; i++) compiled.Run(input, output);
            onThread = Math.Min(onThread, GC.GetAllocatedBytesForCurrentThread() - own);
            onAll = Math.Min(onAll, GC.GetTotalAllocatedBytes(precise: true) - total);
        }

        Assert.That((onThread / 20, onAll / 20), Is.EqualTo((0, 0)), "bytes a run, on this thread and on all");
        Assert.That(Device.Cpu.Memory.SystemAllocations, Is.EqualTo(blocks));
    }

    private static CompiledModelTests.Lambda Of(Func<Tensor, Tensor> function) => new(function);
}

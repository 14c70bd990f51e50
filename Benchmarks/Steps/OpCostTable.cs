using System.Diagnostics;
using PyNetSharp.Layers;

namespace PyNetSharp.Benchmarks;

/// <summary>
/// The command <c>op-cost</c>: what an op costs beside its arithmetic, as the time per op of a chain over one number.
/// </summary>
internal static class OpCostTable
{
    private const int ChainLength = 200;
    private const int Runs = 300;

    public static void Print()
    {
        var chain = new Sequential(Enumerable.Range(0, ChainLength).Select(_ => (Module)new ReLU()));
        var x = Tensor.From([1], [1f]);
        var leaf = new Parameter(Tensor.From([1], [1f]));
        using var compiled = chain.Compile([1]);
        var result = new float[1];

        Console.WriteLine($"{"one op of a chain over one number",-45} {"ns",7} {"bytes",7}");
        Write("recorded, forward and backward", () => chain.Forward(leaf).Backward());
        Write("not recorded", () =>
        {
            using (GradMode.NoGrad()) chain.Forward(x).Release();
        });
        Write("compiled", () => compiled.Run([1f], result));
    }

    private static void Write(string what, Action run)
    {
        for (var warmUp = Stopwatch.StartNew(); warmUp.ElapsedMilliseconds < 500;) run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        run();
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        var seconds = new double[Runs];
        for (var i = 0; i < Runs; i++)
        {
            var start = Stopwatch.GetTimestamp();
            run();
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Console.WriteLine($"{what,-45} {1e9 * Statistics.Median(seconds) / ChainLength,7:F0} {bytes / ChainLength,7}");
    }
}

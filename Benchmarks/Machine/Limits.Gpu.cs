using System.Diagnostics;
using ILGPU;

namespace PyNetSharp.Benchmarks;

internal readonly partial record struct Limits
{
    private const int FirstRounds = 64, GroupsPerProcessor = 32;
    private const double RunSeconds = 5e-3;
    private const int CopyFloats = 1 << 26;     // 256 MB: far beyond the caches

    static partial void MeasureGpu(Device device, int runs, bool withMemory, ref Limits limits)
    {
        var gpu = (GpuDevice)device;
        limits = new(MultiplyAdds(gpu, runs), withMemory ? CopiedBytes(gpu, runs) : 0);
    }

    /// <summary>Multiply-adds that wait for nothing, in so many threads that all units are busy.</summary>
    private static double MultiplyAdds(GpuDevice gpu, int runs)
    {
        var groups = GroupsPerProcessor * gpu.Accelerator.NumMultiprocessors;
        var sums = new Tensor([groups * MultiplyAddKernel.Threads], gpu);
        Seconds(FirstRounds);                   // compiles
        var rounds = (int)Math.Clamp(FirstRounds * RunSeconds / Seconds(FirstRounds), 1, 1 << 20);
        var best = Enumerable.Range(0, runs).Min(_ => Seconds(rounds));
        sums.Discard();
        return (double)groups * MultiplyAddKernel.Threads * rounds * MultiplyAddKernel.OperationsPerRound / best;

        double Seconds(int count) => Timed(gpu, () => gpu.Groups(new(groups, 1, 1), new MultiplyAddKernel(count, 0.5f, sums.View)));
    }

    /// <summary>Bytes read and written by a copy of sixteen bytes a thread.</summary>
    private static double CopiedBytes(GpuDevice gpu, int runs)
    {
        var floats = (int)Math.Min(CopyFloats, DeviceCatalog.Gpus.First(found => found.Name == gpu.Name).Memory / 64);
        var (from, to) = (Tensor.Full([floats], 1, gpu), Tensor.Full([floats], 2, gpu));
        var kernel = new CopyBy16Kernel(from.View.Cast<Float4>(), to.View.Cast<Float4>());
        Timed(gpu, () => gpu.Each(floats / 4, kernel));
        var best = Enumerable.Range(0, runs).Min(_ => Timed(gpu, () => gpu.Each(floats / 4, kernel)));
        from.Discard();
        to.Discard();
        return 2.0 * floats * sizeof(float) / best;
    }

    private static double Timed(GpuDevice gpu, Action launch)
    {
        gpu.Synchronize();
        var start = Stopwatch.GetTimestamp();
        launch();
        gpu.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}

/// <summary>Sixteen sums per thread, none waiting for another.</summary>
internal readonly struct MultiplyAddKernel(int rounds, float half, ArrayView<float> sums) : IGroupKernel
{
    public const int OperationsPerRound = 2 * 2 * 16;

    public static int Threads => 256;

    public void Run()
    {
        float a0 = 1, a1 = 2, a2 = 3, a3 = 4, a4 = 5, a5 = 6, a6 = 7, a7 = 8;
        float b0 = 1, b1 = 2, b2 = 3, b3 = 4, b4 = 5, b5 = 6, b6 = 7, b7 = 8;
        float one = Group.IdxX;                 // the compiler must not know it
        for (var i = 0; i < rounds; i++)
        {
            a0 = a0 * half + one; a1 = a1 * half + one; a2 = a2 * half + one; a3 = a3 * half + one;
            a4 = a4 * half + one; a5 = a5 * half + one; a6 = a6 * half + one; a7 = a7 * half + one;
            b0 = b0 * half + one; b1 = b1 * half + one; b2 = b2 * half + one; b3 = b3 * half + one;
            b4 = b4 * half + one; b5 = b5 * half + one; b6 = b6 * half + one; b7 = b7 * half + one;
            a0 = a0 * half + one; a1 = a1 * half + one; a2 = a2 * half + one; a3 = a3 * half + one;
            a4 = a4 * half + one; a5 = a5 * half + one; a6 = a6 * half + one; a7 = a7 * half + one;
            b0 = b0 * half + one; b1 = b1 * half + one; b2 = b2 * half + one; b3 = b3 * half + one;
            b4 = b4 * half + one; b5 = b5 * half + one; b6 = b6 * half + one; b7 = b7 * half + one;
        }

        // What is stored cannot be optimised away.
        sums[Grid.IdxX * 256 + Group.IdxX] = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + b0 + b1 + b2 + b3 + b4 + b5 + b6 + b7;
    }
}

internal readonly struct CopyBy16Kernel(ArrayView<Float4> from, ArrayView<Float4> to) : IItemKernel
{
    public void Run(int i) => to[i] = from[i];
}

using System.Diagnostics;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime.Cuda;
using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Benchmarks;

/// <summary>The rates that a GPU can reach at most. Only what measures a GPU comes here: it loads ILGPU.</summary>
internal static class GpuRoofline
{
    private const int FirstRounds = 64, GroupsPerMultiprocessor = 32;
    private const double RunSeconds = 5e-3;
    private const int CopyFloats = 1 << 26;     // 256 MB: far beyond the caches

    /// <param name="runs">Of some milliseconds each; the best counts.</param>
    /// <param name="withMemory">Whether to measure memory too.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Roofline Measure(GpuDevice gpu, int runs, bool withMemory) =>
        new(MeasureMultiplyAdds(gpu, runs), withMemory ? MeasureCopy(gpu, runs) : 0);

    private static double MeasureMultiplyAdds(GpuDevice gpu, int runs) => gpu.Precision == Precision.Tf32
        ? Rate(gpu, runs, MmaPeakKernel.OperationsPerRound, (rounds, sums) => new MmaPeakKernel(rounds, sums))
        : Rate(gpu, runs, FmaPeakKernel.OperationsPerRound, (rounds, y) => new FmaPeakKernel(rounds, 0.5f, y));

    /// <summary>Independent multiply-adds, in enough threads to keep all units busy.</summary>
    private static double Rate<TKernel>(
        GpuDevice gpu, int runs, int operationsPerRound, Func<int, ArrayView<float>, TKernel> kernel)
        where TKernel : struct, IGroupKernel
    {
        var groups = GroupsPerMultiprocessor * gpu.Accelerator.NumMultiprocessors;
        using var temporary = new TemporaryTensor([groups * TKernel.Threads], gpu);
        var sums = temporary.Tensor;
        Seconds(FirstRounds);                   // compiles
        var rounds = (int)Math.Clamp(FirstRounds * RunSeconds / Seconds(FirstRounds), 1, 1 << 20);
        var best = Enumerable.Range(0, runs).Min(_ => Seconds(rounds));
        return (double)groups * TKernel.Threads * rounds * operationsPerRound / best;

        double Seconds(int count) => Time(gpu, () => gpu.LaunchGroups(new(groups, 1, 1), kernel(count, sums.View)));
    }

    /// <summary>Bytes read and written per second by a copy, with 16-byte loads and stores.</summary>
    private static double MeasureCopy(GpuDevice gpu, int runs)
    {
        var floats = (int)Math.Min(CopyFloats, DeviceCatalog.Gpus.First(found => found.Name == gpu.Name).Memory / 64);
        using TemporaryTensor from = new([floats], gpu), to = new([floats], gpu);
        var kernel = new Float4CopyKernel(from.Tensor.View.Cast<Float4>(), to.Tensor.View.Cast<Float4>());
        Time(gpu, () => gpu.LaunchItems(floats / 4, kernel));
        var best = Enumerable.Range(0, runs).Min(_ => Time(gpu, () => gpu.LaunchItems(floats / 4, kernel)));
        return 2.0 * floats * sizeof(float) / best;
    }

    private static double Time(GpuDevice gpu, Action launch)
    {
        gpu.Synchronize();
        var start = Stopwatch.GetTimestamp();
        launch();
        gpu.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}

/// <summary>Sixteen independent sums per thread.</summary>
internal readonly struct FmaPeakKernel(int rounds, float half, ArrayView<float> sums) : IGroupKernel
{
    public const int OperationsPerRound = 2 * 2 * 16;

    public static int Threads => 256;

    public void Run()
    {
        float a0 = 1, a1 = 2, a2 = 3, a3 = 4, a4 = 5, a5 = 6, a6 = 7, a7 = 8;
        float b0 = 1, b1 = 2, b2 = 3, b3 = 4, b4 = 5, b5 = 6, b6 = 7, b7 = 8;
        float one = Group.IdxX;                 // not a constant, so that the compiler cannot fold the loop
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

        // What is stored cannot be optimized away.
        var a = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7;
        sums[Grid.IdxX * 256 + Group.IdxX] = a + b0 + b1 + b2 + b3 + b4 + b5 + b6 + b7;
    }
}

/// <summary>Eight independent products of each warp on CUDA's tensor cores, all in registers.</summary>
/// <remarks>
/// The engine's products use <c>mma.sync</c>, so this is their peak. Hopper's <c>wgmma</c> is faster, but ILGPU cannot
/// emit it.
/// </remarks>
internal readonly struct MmaPeakKernel(int rounds, ArrayView<float> sums) : IGroupKernel
{
    /// <summary>Per thread: eight times 16×8×8 multiply-adds, shared by 32.</summary>
    public const int OperationsPerRound = 2 * 8 * 16 * 8 * 8 / 32;

    private const string Mma = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 ";
    private const string Factors = ", {%0, %0, %0, %0}, {%0, %0}, ";

    public static int Threads => 256;

    public void Run()
    {
        var factor = BitConverter.SingleToInt32Bits(Group.IdxX);    // not a constant; exact in tf32
        CudaAsm.Emit(".reg .f32 d<32>;");
        CudaAsm.Emit("mov.f32 d0, 0f00000000; mov.f32 d1, d0; mov.f32 d2, d0; mov.f32 d3, d0;");
        CudaAsm.Emit("mov.f32 d4, d0; mov.f32 d5, d0; mov.f32 d6, d0; mov.f32 d7, d0;");
        CudaAsm.Emit("mov.f32 d8, d0; mov.f32 d9, d0; mov.f32 d10, d0; mov.f32 d11, d0;");
        CudaAsm.Emit("mov.f32 d12, d0; mov.f32 d13, d0; mov.f32 d14, d0; mov.f32 d15, d0;");
        CudaAsm.Emit("mov.f32 d16, d0; mov.f32 d17, d0; mov.f32 d18, d0; mov.f32 d19, d0;");
        CudaAsm.Emit("mov.f32 d20, d0; mov.f32 d21, d0; mov.f32 d22, d0; mov.f32 d23, d0;");
        CudaAsm.Emit("mov.f32 d24, d0; mov.f32 d25, d0; mov.f32 d26, d0; mov.f32 d27, d0;");
        CudaAsm.Emit("mov.f32 d28, d0; mov.f32 d29, d0; mov.f32 d30, d0; mov.f32 d31, d0;");
        for (var i = 0; i < rounds; i++)
        {
            CudaAsm.Emit(Mma + "{d0, d1, d2, d3}" + Factors + "{d0, d1, d2, d3};", factor);
            CudaAsm.Emit(Mma + "{d4, d5, d6, d7}" + Factors + "{d4, d5, d6, d7};", factor);
            CudaAsm.Emit(Mma + "{d8, d9, d10, d11}" + Factors + "{d8, d9, d10, d11};", factor);
            CudaAsm.Emit(Mma + "{d12, d13, d14, d15}" + Factors + "{d12, d13, d14, d15};", factor);
            CudaAsm.Emit(Mma + "{d16, d17, d18, d19}" + Factors + "{d16, d17, d18, d19};", factor);
            CudaAsm.Emit(Mma + "{d20, d21, d22, d23}" + Factors + "{d20, d21, d22, d23};", factor);
            CudaAsm.Emit(Mma + "{d24, d25, d26, d27}" + Factors + "{d24, d25, d26, d27};", factor);
            CudaAsm.Emit(Mma + "{d28, d29, d30, d31}" + Factors + "{d28, d29, d30, d31};", factor);
        }

        // What is stored cannot be optimized away.
        CudaAsm.Emit("add.f32 d0, d0, d4; add.f32 d8, d8, d12; add.f32 d16, d16, d20; add.f32 d24, d24, d28;");
        CudaAsm.Emit("add.f32 d0, d0, d8; add.f32 d16, d16, d24; add.f32 d0, d0, d16;");
        CudaAsm.Emit("mov.f32 %0, d0;", out float sum);
        sums[Grid.IdxX * 256 + Group.IdxX] = sum;
    }
}

internal readonly struct Float4CopyKernel(ArrayView<Float4> from, ArrayView<Float4> to) : IItemKernel
{
    public void Run(int i) => to[i] = from[i];
}

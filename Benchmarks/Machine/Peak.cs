using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Benchmarks;

/// <summary>
/// The peak of floating-point operations per second of this machine; other figures are shares of it.
/// </summary>
/// <remarks>
/// Clocks change with the load, also that of other virtual machines, so it is measured beside the work, in runs of a
/// few milliseconds, of which the best counts. The vectors are the ones that the kernels use.
/// </remarks>
internal abstract class Peak
{
    private const int Rounds = 1 << 19;     // about a millisecond

    /// <summary>For the widest vectors that this CPU has and the runtime may use.</summary>
    public static Peak Best { get; } =
        Vector512.IsHardwareAccelerated ? new Peak<F32x16>("AVX-512")
        : Vector256.IsHardwareAccelerated ? new Peak<F32x8>("AVX2")
        : Vector128.IsHardwareAccelerated ? new Peak<F32x4>("128-bit vectors")
        : new Peak<F32>("no vectors");

    /// <summary>The instruction set.</summary>
    public abstract string InstructionSet { get; }

    /// <summary>Operations (two to a multiply-add) per second, on all threads of the device.</summary>
    /// <param name="runs">Of some milliseconds each; the best counts.</param>
    public double Measure(CpuDevice device, int runs = 5)
    {
        var best = double.MaxValue;
        var chunks = device.Threads == 1 ? 1 : 4 * device.Threads;      // a thread that starts late takes fewer
        for (var run = 0; run < runs; run++)
        {
            var start = Stopwatch.GetTimestamp();
            device.For(chunks, _ => Multiply(Rounds));
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return (double)chunks * Rounds * OperationsPerRound / best;
    }

    protected abstract int OperationsPerRound { get; }

    protected abstract void Multiply(int rounds);
}

/// <inheritdoc/>
internal sealed unsafe class Peak<V>(string vectors) : Peak where V : struct, IVector<V>
{
    public override string InstructionSet => vectors;

    protected override int OperationsPerRound => 12 * V.Width * 2;

    /// <summary>
    /// Twelve independent sums: more than two units times four cycles of latency, and all in registers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Multiply(int rounds)
    {
        V half = V.Create(0.5f), one = V.Create(1);
        V c0 = one, c1 = one, c2 = one, c3 = one, c4 = one, c5 = one;
        V c6 = one, c7 = one, c8 = one, c9 = one, c10 = one, c11 = one;
        for (var i = 0; i < rounds; i++)
        {
            c0 = V.MultiplyAddEstimate(c0, half, one);
            c1 = V.MultiplyAddEstimate(c1, half, one);
            c2 = V.MultiplyAddEstimate(c2, half, one);
            c3 = V.MultiplyAddEstimate(c3, half, one);
            c4 = V.MultiplyAddEstimate(c4, half, one);
            c5 = V.MultiplyAddEstimate(c5, half, one);
            c6 = V.MultiplyAddEstimate(c6, half, one);
            c7 = V.MultiplyAddEstimate(c7, half, one);
            c8 = V.MultiplyAddEstimate(c8, half, one);
            c9 = V.MultiplyAddEstimate(c9, half, one);
            c10 = V.MultiplyAddEstimate(c10, half, one);
            c11 = V.MultiplyAddEstimate(c11, half, one);
        }

        var sums = stackalloc float[16];        // what is stored cannot be optimized away
        (c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7).Store(sums);
        (c8 + c9 + c10 + c11).Store(sums);
    }
}

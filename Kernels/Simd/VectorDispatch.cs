using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace PyNetSharp.Kernels.Simd;

/// <summary>Chooses the vector width that the CPU has.</summary>
internal static class VectorDispatch
{
    /// <summary>Makes kernels for the widest vectors of this CPU; for <see cref="F32"/> where it has none.</summary>
    public static TResult Create<TFactory, TResult>() where TFactory : struct, IVectorFactory<TResult> =>
        Vector512.IsHardwareAccelerated ? default(TFactory).Create<F32x16>()
        : Vector256.IsHardwareAccelerated ? default(TFactory).Create<F32x8>()
        : Vector128.IsHardwareAccelerated ? default(TFactory).Create<F32x4>()
        : default(TFactory).Create<F32>();

    /// <summary>The same with vectors of at most <paramref name="most"/> floats.</summary>
    public static TResult Create<TFactory, TResult>(int most) where TFactory : struct, IVectorFactory<TResult> =>
        most >= F32x16.Width && Vector512.IsHardwareAccelerated ? default(TFactory).Create<F32x16>()
        : most >= F32x8.Width && Vector256.IsHardwareAccelerated ? default(TFactory).Create<F32x8>()
        : most >= F32x4.Width && Vector128.IsHardwareAccelerated ? default(TFactory).Create<F32x4>()
        : default(TFactory).Create<F32>();

    /// <summary>
    /// Runs a loop's body for the elements 0 to n − 1: as many as the widest vector holds at a time, then fewer.
    /// </summary>
    /// <remarks>
    /// Optimized at the first call: a loop of the unoptimized tier would call a method for every operation of the body.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ForEach<TBody>(int n, TBody body) where TBody : struct, IVectorLoopBody
    {
        var i = 0;
        if (Vector512.IsHardwareAccelerated)
            for (; i <= n - F32x16.Width; i += F32x16.Width) body.Run<F32x16>(i);

        if (Vector256.IsHardwareAccelerated)
            for (; i <= n - F32x8.Width; i += F32x8.Width) body.Run<F32x8>(i);
        else if (Vector128.IsHardwareAccelerated)
            for (; i <= n - F32x4.Width; i += F32x4.Width) body.Run<F32x4>(i);

        for (; i < n; i++) body.Run<F32>(i);
    }
}

/// <summary>What the JIT knows of the CPU, beside the widths.</summary>
internal static class CpuFeatures
{
    /// <summary>
    /// Whether a fused multiply-add is an instruction. Elsewhere .NET calls a function for each lane, which makes a
    /// product of matrices a hundred times slower.
    /// </summary>
    public static bool HasFusedMultiplyAdd => Fma.IsSupported || AdvSimd.IsSupported;
}

/// <summary>
/// Makes what is generic in the vector type, for <see cref="VectorDispatch.Create{TFactory, TResult}()"/>.
/// </summary>
internal interface IVectorFactory<TResult>
{
    TResult Create<V>() where V : struct, IVector<V>;
}

/// <summary>The body of a loop over the elements of arrays, for <see cref="VectorDispatch.ForEach"/>.</summary>
internal interface IVectorLoopBody
{
    /// <summary>Computes the elements from i to i + <see cref="IVector{T}.Width"/> − 1. Must be inlined.</summary>
    void Run<V>(int i) where V : struct, IVector<V>;
}

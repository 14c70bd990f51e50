using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// <see cref="MicroKernels.IndirectGemm{V}"/> for a panel whose columns fill no more than one vector, such as the ten
/// classes of a last layer: half the multiply-adds, with the same results in the columns that are computed.
/// </summary>
internal static unsafe class NarrowGemm<V> where V : struct, IVector<V>
{
    /// <inheritdoc cref="MicroKernels.IndirectGemm{V}"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run(
        float** rows, int segments, nint length, float* panel, float** outputs, nint column,
        MicroKernels.Epilogue epilogue)
    {
        var start = epilogue.AddsToOutput ? default : V.Load((float*)epilogue.InitialSums);
        V s0 = start, s1 = start, s2 = start, s3 = start, s4 = start, s5 = start, s6 = start, s7 = start;
        for (var s = 0; s < segments; s++, rows += V.Mr)
        {
            float* p0 = rows[0], p1 = rows[1], p2 = rows[2], p3 = rows[3];
            float* p4 = V.Mr > 4 ? rows[4] : null, p5 = V.Mr > 5 ? rows[5] : null;
            float* p6 = V.Mr > 6 ? rows[6] : null, p7 = V.Mr > 7 ? rows[7] : null;
            nint k = 0;
            for (; k < length - 1; k += 2, panel += 4 * V.Width)
            {
                var (even, odd) = (V.Load(panel), V.Load(panel + 2 * V.Width));
                MultiplyAccumulate2(p0 + k, even, odd, ref s0);
                MultiplyAccumulate2(p1 + k, even, odd, ref s1);
                MultiplyAccumulate2(p2 + k, even, odd, ref s2);
                MultiplyAccumulate2(p3 + k, even, odd, ref s3);
                if (V.Mr > 4) MultiplyAccumulate2(p4 + k, even, odd, ref s4);
                if (V.Mr > 5) MultiplyAccumulate2(p5 + k, even, odd, ref s5);
                if (V.Mr > 6) MultiplyAccumulate2(p6 + k, even, odd, ref s6);
                if (V.Mr > 7) MultiplyAccumulate2(p7 + k, even, odd, ref s7);
            }

            if (k == length) continue;
            var weights = V.Load(panel);
            panel += 2 * V.Width;
            V.MultiplyAccumulateEstimate(V.Create(p0[k]), weights, ref s0);
            V.MultiplyAccumulateEstimate(V.Create(p1[k]), weights, ref s1);
            V.MultiplyAccumulateEstimate(V.Create(p2[k]), weights, ref s2);
            V.MultiplyAccumulateEstimate(V.Create(p3[k]), weights, ref s3);
            if (V.Mr > 4) V.MultiplyAccumulateEstimate(V.Create(p4[k]), weights, ref s4);
            if (V.Mr > 5) V.MultiplyAccumulateEstimate(V.Create(p5[k]), weights, ref s5);
            if (V.Mr > 6) V.MultiplyAccumulateEstimate(V.Create(p6[k]), weights, ref s6);
            if (V.Mr > 7) V.MultiplyAccumulateEstimate(V.Create(p7[k]), weights, ref s7);
        }

        Store(s0, outputs[0] + column, epilogue);
        Store(s1, outputs[1] + column, epilogue);
        Store(s2, outputs[2] + column, epilogue);
        Store(s3, outputs[3] + column, epilogue);
        if (V.Mr > 4) Store(s4, outputs[4] + column, epilogue);
        if (V.Mr > 5) Store(s5, outputs[5] + column, epilogue);
        if (V.Mr > 6) Store(s6, outputs[6] + column, epilogue);
        if (V.Mr > 7) Store(s7, outputs[7] + column, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyAccumulate2(float* row, V even, V odd, ref V sum)
    {
        V.MultiplyAccumulateEstimate(V.Create(row[0]), even, ref sum);
        V.MultiplyAccumulateEstimate(V.Create(row[1]), odd, ref sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(V sum, float* output, MicroKernels.Epilogue epilogue)
    {
        if (epilogue.AddsToOutput) sum += V.Load(output);
        (epilogue.Relu ? V.Relu(sum) : sum).Store(output);
    }
}

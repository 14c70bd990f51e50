using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// C = A·B for M of at most <see cref="MaxRows"/> and B stored transposed: dot products of contiguous rows.
/// </summary>
/// <remarks>
/// For inference of single items. Its cost is that of reading B once; a tile would be mostly padding.
/// </remarks>
internal static unsafe class Gemv
{
    /// <summary>Beyond it tiles, which use each element of B for all rows at once, are faster.</summary>
    public const int MaxRows = 3;

    private const int GrainSize = 1 << 16;      // floats of B: fewer are not worth a second thread
    private const int TasksPerThread = 8;       // of long stretches of memory, which it delivers faster
    private const int BlockLength = 1 << 14;    // products that are summed in single precision

    /// <summary>
    /// c = a·b + bias, then max(·, 0) with <paramref name="relu"/>; a is stored as it is, b transposed.
    /// </summary>
    public static void Multiply(CpuDevice cpu, Matrix a, Matrix b, float* c, float* bias, bool relu)
    {
        var tasks = Math.Clamp((long)b.Columns * a.Columns / GrainSize, 1, TasksPerThread * cpu.Threads);
        var columns = (int)((b.Columns + tasks - 1) / tasks);
        cpu.ForRanges(b.Columns, columns, new Columns(a, b, c, bias, relu));
    }

    private readonly struct Columns(Matrix a, Matrix b, float* c, float* bias, bool relu) : IRangeBody
    {
        public void Run(int start, int length)
        {
            for (var column = start; column < start + length; column++)
                for (var row = 0; row < a.Rows; row++)
                {
                    var sum = Dot(a.Pointer + row * a.Stride, b.Pointer + column * b.Stride, a.Columns);
                    if (bias != null) sum += bias[column];
                    c[(nint)row * b.Columns + column] = relu && sum < 0 ? 0 : sum;
                }
        }
    }

    /// <summary>Blocked summation: the sums of blocks are added in double precision.</summary>
    private static float Dot(float* x, float* y, nint n)
    {
        if (n <= BlockLength) return DotBlock(x, y, n);
        var sum = 0.0;
        for (; n > 0; n -= BlockLength, x += BlockLength, y += BlockLength)
            sum += DotBlock(x, y, Math.Min(n, BlockLength));
        return (float)sum;
    }

    /// <remarks>
    /// Four sums of eight lanes at every vector width, so that the result does not depend on the processor.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float DotBlock(float* x, float* y, nint n)
    {
        nint i = 0, width = F32x8.Width;
        F32x8 s0 = default, s1 = default, s2 = default, s3 = default;
        if (Vector512.IsHardwareAccelerated)
        {
            F32x16 s01 = default, s23 = default;
            for (; i <= n - 4 * width; i += 4 * width)
            {
                s01 = F32x16.MultiplyAdd(F32x16.Load(x + i), F32x16.Load(y + i), s01);
                s23 = F32x16.MultiplyAdd(F32x16.Load(x + i + 2 * width), F32x16.Load(y + i + 2 * width), s23);
            }

            s0 = F32x16.Lower(s01);
            s1 = F32x16.Upper(s01);
            s2 = F32x16.Lower(s23);
            s3 = F32x16.Upper(s23);
        }

        for (; i <= n - 4 * width; i += 4 * width)
        {
            s0 = F32x8.MultiplyAdd(F32x8.Load(x + i), F32x8.Load(y + i), s0);
            s1 = F32x8.MultiplyAdd(F32x8.Load(x + i + width), F32x8.Load(y + i + width), s1);
            s2 = F32x8.MultiplyAdd(F32x8.Load(x + i + 2 * width), F32x8.Load(y + i + 2 * width), s2);
            s3 = F32x8.MultiplyAdd(F32x8.Load(x + i + 3 * width), F32x8.Load(y + i + 3 * width), s3);
        }

        for (; i <= n - width; i += width) s0 = F32x8.MultiplyAdd(F32x8.Load(x + i), F32x8.Load(y + i), s0);
        var sum = F32x8.Sum(s0 + s1 + (s2 + s3));
        for (; i < n; i++) sum += x[i] * y[i];
        return sum;
    }
}

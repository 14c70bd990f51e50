using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>Transposed copies of small matrices.</summary>
internal static unsafe class Transposition
{
    /// <summary>to[j, i] = from[i, j].</summary>
    /// <param name="from">[rows, columns], rows <paramref name="fromStride"/> floats apart.</param>
    /// <param name="to">[columns, rows], rows <paramref name="toStride"/> floats apart.</param>
    public static void Copy(float* from, nint fromStride, int rows, int columns, float* to, nint toStride)
    {
        if (columns == 1 && fromStride == 1)
        {
            new ReadOnlySpan<float>(from, rows).CopyTo(new(to, rows));
            return;
        }

        if (!F32x4.CanTranspose || rows < 4 || columns < 4)
        {
            CopyScalar(from, fromStride, rows, columns, to, toStride);
            return;
        }

        for (var top = 0; top < rows; top += 4)
            for (var left = 0; left < columns; left += 4)
            {
                var (i, j) = (Math.Min(top, rows - 4), Math.Min(left, columns - 4));    // the last four may repeat some
                Copy4x4(from + i * fromStride + j, fromStride, to + j * toStride + i, toStride);
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy4x4(float* from, nint fromStride, float* to, nint toStride)
    {
        F32x4 a = F32x4.Load(from), b = F32x4.Load(from + fromStride);
        F32x4 c = F32x4.Load(from + 2 * fromStride), d = F32x4.Load(from + 3 * fromStride);
        F32x4.Transpose(ref a, ref b, ref c, ref d);
        a.Store(to);
        b.Store(to + toStride);
        c.Store(to + 2 * toStride);
        d.Store(to + 3 * toStride);
    }

    private static void CopyScalar(float* from, nint fromStride, int rows, int columns, float* to, nint toStride)
    {
        for (nint i = 0; i < rows; i++)
            for (nint j = 0; j < columns; j++) to[j * toStride + i] = from[i * fromStride + j];
    }
}

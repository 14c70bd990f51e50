using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>Copies of small matrices with rows and columns exchanged.</summary>
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

        if (!Sse.IsSupported || rows < 4 || columns < 4)
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
        var (a, b) = (Vector128.Load(from), Vector128.Load(from + fromStride));
        var (c, d) = (Vector128.Load(from + 2 * fromStride), Vector128.Load(from + 3 * fromStride));
        var (ab01, cd01) = (Sse.UnpackLow(a, b), Sse.UnpackLow(c, d));          // a0 b0 a1 b1, c0 d0 c1 d1
        var (ab23, cd23) = (Sse.UnpackHigh(a, b), Sse.UnpackHigh(c, d));
        Sse.MoveLowToHigh(ab01, cd01).Store(to);
        Sse.MoveHighToLow(cd01, ab01).Store(to + toStride);
        Sse.MoveLowToHigh(ab23, cd23).Store(to + 2 * toStride);
        Sse.MoveHighToLow(cd23, ab23).Store(to + 3 * toStride);
    }

    private static void CopyScalar(float* from, nint fromStride, int rows, int columns, float* to, nint toStride)
    {
        for (nint i = 0; i < rows; i++)
            for (nint j = 0; j < columns; j++) to[j * toStride + i] = from[i * fromStride + j];
    }
}

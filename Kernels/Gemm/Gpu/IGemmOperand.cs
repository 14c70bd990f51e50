using ILGPU;
using ILGPU.Runtime;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// An operand of a product A·B as the tile iterators read it: an array [MN, K], where MN is M for A and N for B, and K
/// the extent that is summed over. Its elements need not exist in memory (implicit GEMM).
/// </summary>
/// <typeparam name="TCursor">Where a thread reads: what changes as it advances along K.</typeparam>
internal interface IGemmOperand<TCursor> where TCursor : struct
{
    /// <summary>Whether elements that are contiguous in memory follow each other along K; otherwise along MN.</summary>
    static abstract bool IsKMajor { get; }

    /// <summary>The cursor of four contiguous elements, the first of which is (mn, k).</summary>
    TCursor CursorAt(int mn, int k);

    /// <summary>The cursor <paramref name="k"/> elements further along K.</summary>
    TCursor Advance(TCursor cursor, int k);

    /// <summary>The four elements; zeros outside the operand or, in a convolution, in the padding.</summary>
    Float4 Load(TCursor cursor);

    /// <summary>The address of the float with index 0, for <see cref="CopyToShared"/>. For host code only.</summary>
    long Address { get; }

    /// <summary>Copies what <see cref="Load"/> returns.</summary>
    void CopyToShared(TCursor cursor, AsyncCopy copy);
}

/// <summary>The address of a view as a number, the only form that inline assembly takes.</summary>
internal static class GpuAddress
{
    /// <remarks>For host code only; 0 for an empty view.</remarks>
    public static long Of(ArrayView<float> view) => view.Length == 0 ? 0 : view.LoadEffectiveAddressAsPtr();
}

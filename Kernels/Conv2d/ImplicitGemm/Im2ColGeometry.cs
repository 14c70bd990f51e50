using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>A <see cref="PatchGeometry"/> as GPU threads use it, with the images. Nothing is copied.</summary>
/// <remarks>
/// An image row is W·C contiguous floats, and a patch's row is <see cref="KernelRowLength"/> = S·C of them. So columns
/// are counted in floats: whether a float is in the padding is one comparison, without a division by the channels.
/// </remarks>
internal readonly struct Im2ColGeometry(ArrayView<float> pixels, PatchGeometry patches)
{
    /// <summary>[N, H, W, C]</summary>
    public readonly ArrayView<float> Pixels = pixels;

    public readonly int Images = patches.N, Height = patches.H;

    /// <summary>Floats in an image row: W·C.</summary>
    public readonly int RowLength = patches.W * patches.C;

    /// <summary>P and Q; at least 1, since they are divisors.</summary>
    public readonly FastDivisor OutputH = new(Math.Max(1, patches.P)), OutputW = new(Math.Max(1, patches.Q));

    /// <summary>N·P·Q</summary>
    public readonly int Positions = patches.N * patches.P * patches.Q;

    /// <summary>Rows of a patch: R; 0 if it has no tap.</summary>
    public readonly int KernelRows = patches.S == 0 ? 0 : patches.R;

    /// <summary>Floats in a row of a patch: S·C; at least 1, since it is a divisor.</summary>
    public readonly FastDivisor KernelRowLength = new(Math.Max(1, patches.S * patches.C));

    /// <summary>From one position to the next: in rows, and in floats.</summary>
    public readonly int StrideH = patches.Stride.H, StrideW = patches.Stride.W * patches.C;

    /// <summary>The first float of the first patch: its row, and its column in floats; negative for padding.</summary>
    public readonly int OriginH = patches.Origin.H, OriginW = patches.Origin.W * patches.C;

    /// <summary>R·S·C: floats in a patch.</summary>
    public int PatchLength => KernelRows * KernelRowLength.Divisor;
}

namespace PyNetSharp.Layers;

/// <summary>Resizes images, by nearest neighbors or bilinear interpolation.</summary>
public sealed class Upsample : Module
{
    /// <summary>To a size, or by a factor: <c>new Upsample(scaleFactor: 2)</c>.</summary>
    /// <param name="size">Rows and columns of the result, at least 1; null if a factor is given.</param>
    /// <param name="scaleFactor">Output pixels per input pixel, positive; null if a size is given.</param>
    /// <param name="mode">How a pixel is computed.</param>
    /// <param name="alignCorners">
    /// Bilinear only: whether the centers of the corner pixels coincide, not the corners of the images.
    /// </param>
    /// <exception cref="ArgumentException">
    /// Both or neither of size and factor are given, or corners are to be aligned in another mode.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A size, a factor or the mode is outside its range.</exception>
    public Upsample(
        Size2d? size = null, ScaleFactor? scaleFactor = null, UpsampleMode mode = UpsampleMode.Nearest,
        bool alignCorners = false)
    {
        if (size is null == scaleFactor is null)
            throw new ArgumentException("Upsample: either a size or a scale factor is given.");
        if (scaleFactor is { } f && !(f.H > 0 && f.W > 0 && double.IsFinite(f.H) && double.IsFinite(f.W)))
            throw new ArgumentOutOfRangeException(nameof(scaleFactor), $"{f}", "A positive number was expected.");
        if (!Enum.IsDefined(mode)) throw new ArgumentOutOfRangeException(nameof(mode), mode, "No such mode.");
        if (alignCorners && mode != UpsampleMode.Bilinear)
            throw new ArgumentException("Upsample: corners are aligned in bilinear mode only.", nameof(alignCorners));
        (Size, ScaleFactor) = (size?.AtLeast(1, nameof(size)), scaleFactor);
        (Mode, AlignCorners) = (mode, alignCorners);
    }

    /// <summary>Rows and columns of the result, or null.</summary>
    public Size2d? Size { get; }

    /// <summary>Output pixels per input pixel, or null.</summary>
    public ScaleFactor? ScaleFactor { get; }

    /// <summary>How a pixel is computed.</summary>
    public UpsampleMode Mode { get; }

    /// <summary>Whether the centers of the corner pixels coincide.</summary>
    public bool AlignCorners { get; }

    /// <param name="x">[n, c, h, w]</param>
    /// <returns>[n, c, p, q] for the size (p, q), or p = ⌊h·factor⌋ and q = ⌊w·factor⌋.</returns>
    /// <exception cref="ShapeException">The input is no batch of images, or the result has no pixels.</exception>
    protected override Tensor Forward(Tensor x) => x.Upsample(Size, ScaleFactor, Mode, AlignCorners);

    /// <inheritdoc/>
    protected override string Describe() =>
        (ScaleFactor is { } factor ? $"scale_factor={factor}" : $"size={Size}") +
        (Mode == UpsampleMode.Nearest ? ", mode=nearest" : ", mode=bilinear");
}

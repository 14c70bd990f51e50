using System.Globalization;

namespace PyNetSharp.Layers;

/// <summary>
/// A size per axis of an image: of a kernel, a stride, a padding. An int converts to the same size for both axes.
/// </summary>
/// <param name="H">The vertical size.</param>
/// <param name="W">The horizontal size.</param>
public readonly record struct Size2d(int H, int W)
{
    /// <summary>The same number for both axes.</summary>
    public static implicit operator Size2d(int both) => new(both, both);

    /// <summary>(vertical, horizontal)</summary>
    public static implicit operator Size2d((int H, int W) pair) => new(pair.H, pair.W);

    /// <summary>(vertical, horizontal)</summary>
    public static implicit operator (int H, int W)(Size2d size) => (size.H, size.W);

    /// <summary>As PyTorch prints it: <c>3</c> if both are the same, otherwise <c>(3, 5)</c>.</summary>
    public override string ToString() => H == W ? H.ToString(CultureInfo.InvariantCulture) : PairString;

    /// <summary>Always as a pair: <c>(3, 3)</c>.</summary>
    internal string PairString => string.Create(CultureInfo.InvariantCulture, $"({H}, {W})");

    /// <summary>These sizes, if neither is below <paramref name="min"/>.</summary>
    internal Size2d AtLeast(int min, string name) =>
        H >= min && W >= min
            ? this
            : throw new ArgumentOutOfRangeException(name, this, $"Both numbers must be at least {min}.");

    /// <summary>This padding, if it is not negative and at most half of <paramref name="kernel"/>.</summary>
    internal Size2d AtMostHalf(Size2d kernel, string name) =>
        2 * H <= kernel.H && 2 * W <= kernel.W
            ? AtLeast(0, name)
            : throw new ArgumentOutOfRangeException(name, this, $"The padding is at most half of the window {kernel}.");
}

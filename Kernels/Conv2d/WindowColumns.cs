namespace PyNetSharp;

/// <summary>
/// The floats of a window as the lines of a product, which sums over the window's positions: the gradient by the weight.
/// </summary>
internal readonly struct WindowColumns<TWidth>(WindowGeometry windows) : IOperand<WindowColumnPlace> where TWidth : struct, IWidth
{
    private const int Nowhere = int.MinValue / 2;

    public static bool AlongLine => false;

    public WindowColumnPlace At(int line, int depth)
    {
        int row = depth / windows.GridW, tap = line / windows.Run;
        var firstTop = tap < windows.Taps ? windows.OriginH + tap : Nowhere;
        var firstLeft = windows.Origin + line % windows.Run;
        return new(
            firstTop, firstLeft, row / windows.GridH,
            firstTop + row % windows.GridH * windows.StepH, firstLeft + depth % windows.GridW * windows.Step);
    }

    public WindowColumnPlace Next(WindowColumnPlace place, int positions)
    {
        int image = place.Image, top = place.Top, left = place.Left + positions * windows.Step;
        while (left - place.FirstLeft >= windows.GridSpanW)
        {
            left -= windows.GridSpanW;
            top += windows.StepH;
            if (top - place.FirstTop < windows.GridSpanH) continue;
            top = place.FirstTop;
            image++;
        }

        return new(place.FirstTop, place.FirstLeft, image, top, left);
    }

    public long Address => GpuAddress.Of(windows.Pixels);

    public Float4 Read(WindowColumnPlace place)
    {
        if (place.Image >= windows.Images) return default;
        var start = place.Image * windows.Height;
        int top = place.Top, left = place.Left;
        if (TWidth.Fours)
            return Float4.Load<TWidth>(
                windows.Pixels, (start + top) * windows.RowLength + left, IsInside(top, left) ? 4 : 0);

        var (end, bottom) = (left - place.FirstLeft + windows.Origin + windows.Run, Bottom(place));     // of the window
        var x = Single(start, top, left);
        if (++left == end) (top, left) = (top + 1 < bottom ? top + 1 : Nowhere, left - windows.Run);
        var y = Single(start, top, left);
        if (++left == end) (top, left) = (top + 1 < bottom ? top + 1 : Nowhere, left - windows.Run);
        var z = Single(start, top, left);
        if (++left == end) (top, left) = (top + 1 < bottom ? top + 1 : Nowhere, left - windows.Run);
        return new(x, y, z, Single(start, top, left));
    }

    public void Send(WindowColumnPlace place, AsyncCopy copy)
    {
        var isImage = place.Image < windows.Images;
        var start = place.Image * windows.Height;
        int top = place.Top, left = place.Left;
        if (TWidth.Fours)
        {
            copy.Send<TWidth>((start + top) * windows.RowLength + left, isImage && IsInside(top, left) ? 4 : 0);
            return;
        }

        var (end, bottom) = (left - place.FirstLeft + windows.Origin + windows.Run, Bottom(place));     // of the window
        for (var i = 0; i < 4; i++)
        {
            copy.SendOne(i, (start + top) * windows.RowLength + left, isImage && IsInside(top, left));
            if (++left == end) (top, left) = (top + 1 < bottom ? top + 1 : Nowhere, left - windows.Run);
        }
    }

    /// <summary>The first row below the window that the place is in.</summary>
    private int Bottom(WindowColumnPlace place) => place.Top - place.FirstTop + windows.OriginH + windows.Taps;

    private float Single(int start, int top, int left) =>
        IsInside(top, left) ? windows.Pixels[(start + top) * windows.RowLength + left] : 0;

    private bool IsInside(int top, int left) =>
        (uint)top < (uint)windows.Height && (uint)left < (uint)windows.RowLength;
}

/// <summary>A float of a window, by where it lies in an image.</summary>
/// <param name="firstTop">
/// Its row in the first window of an image; far above every image where the window has no such float.
/// </param>
/// <param name="firstLeft">Its place in that row.</param>
/// <param name="top">The row; negative above the image.</param>
/// <param name="left">The place there, in floats; negative to the left of the image.</param>
internal readonly struct WindowColumnPlace(int firstTop, int firstLeft, int image, int top, int left)
{
    public readonly int FirstTop = firstTop, FirstLeft = firstLeft, Image = image, Top = top, Left = left;
}

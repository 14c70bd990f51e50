namespace PyNetSharp;

/// <summary>
/// The floats of a window as the lines of a product, which sums over the window's positions: the gradient by the weight.
/// </summary>
internal readonly struct WindowColumns<TWidth>(WindowGeometry windows) : IOperand<WindowColumnPlace> where TWidth : struct, IWidth
{
    public static bool AlongLine => false;

    public WindowColumnPlace At(int line, int depth)
    {
        var row = depth / windows.GridW;
        return new(line / windows.Run, line % windows.Run, row / windows.GridH, row % windows.GridH, depth % windows.GridW);
    }

    public WindowColumnPlace Next(WindowColumnPlace place, int positions)
    {
        int image = place.Image, row = place.Row, column = place.Column + positions;
        while (column >= windows.GridW)
        {
            column -= windows.GridW;
            if (++row < windows.GridH) continue;
            row = 0;
            image++;
        }

        return new(place.Tap, place.InRun, image, row, column);
    }

    public long Address => GpuAddress.Of(windows.Pixels);

    public Float4 Read(WindowColumnPlace place)
    {
        if (place.Image >= windows.Images) return default;
        int top = place.Row * windows.StepH + windows.OriginH, left = place.Column * windows.Step + windows.Origin;
        var start = (place.Image * windows.Height + top) * windows.RowLength + left;
        if (TWidth.Fours)
            return Float4.Load<TWidth>(
                windows.Pixels, start + place.Tap * windows.RowLength + place.InRun,
                IsInside(top, left, place.Tap, place.InRun) ? 4 : 0);

        int tap = place.Tap, inRun = place.InRun;
        var x = Single(start, top, left, tap, inRun);
        if (++inRun == windows.Run) (tap, inRun) = (tap + 1, 0);
        var y = Single(start, top, left, tap, inRun);
        if (++inRun == windows.Run) (tap, inRun) = (tap + 1, 0);
        var z = Single(start, top, left, tap, inRun);
        if (++inRun == windows.Run) (tap, inRun) = (tap + 1, 0);
        return new(x, y, z, Single(start, top, left, tap, inRun));
    }

    public void Send(WindowColumnPlace place, AsyncCopy copy)
    {
        int top = place.Row * windows.StepH + windows.OriginH, left = place.Column * windows.Step + windows.Origin;
        var start = (place.Image * windows.Height + top) * windows.RowLength + left;
        int tap = place.Tap, inRun = place.InRun;
        var isImage = place.Image < windows.Images;
        if (TWidth.Fours)
        {
            copy.Send<TWidth>(start + tap * windows.RowLength + inRun, isImage && IsInside(top, left, tap, inRun) ? 4 : 0);
            return;
        }

        for (var i = 0; i < 4; i++)
        {
            copy.SendOne(i, start + tap * windows.RowLength + inRun, isImage && IsInside(top, left, tap, inRun));
            if (++inRun == windows.Run) (tap, inRun) = (tap + 1, 0);
        }
    }

    private float Single(int start, int top, int left, int tap, int inRun) =>
        IsInside(top, left, tap, inRun) ? windows.Pixels[start + tap * windows.RowLength + inRun] : 0;

    private bool IsInside(int top, int left, int tap, int inRun) =>
        tap < windows.Taps && (uint)(top + tap) < (uint)windows.Height && (uint)(left + inRun) < (uint)windows.RowLength;
}

/// <summary>A float of a window, and the position of the window.</summary>
/// <param name="tap">The window's row.</param>
/// <param name="inRun">The float's place there.</param>
internal readonly struct WindowColumnPlace(int tap, int inRun, int image, int row, int column)
{
    public readonly int Tap = tap, InRun = inRun, Image = image, Row = row, Column = column;
}

namespace PyNetSharp;

/// <summary>Windows as the lines of a product, which sums over a window's floats: forward, and the gradient by the input.</summary>
internal readonly struct WindowRows<TWidth>(WindowGeometry windows) : IOperand<WindowRowPlace> where TWidth : struct, IWidth
{
    public static bool AlongLine => true;

    public WindowRowPlace At(int line, int depth)
    {
        int row = line / windows.GridW, image = row / windows.GridH;
        int tap = depth / windows.Run, inRun = depth % windows.Run;
        int top = row % windows.GridH * windows.StepH + windows.OriginH;
        int column = line % windows.GridW * windows.Step + windows.Origin + inRun;
        var bottom = line < windows.Positions ? Math.Max(0, Math.Min(windows.Height, top + windows.Taps)) : 0;
        return new(top + tap, bottom, column, inRun, (image * windows.Height + top + tap) * windows.RowLength + column);
    }

    public WindowRowPlace Next(WindowRowPlace place, int floats)
    {
        int row = place.Row, column = place.Column + floats, inRun = place.InRun + floats, offset = place.Offset + floats;
        while (inRun >= windows.Run)
        {
            inRun -= windows.Run;
            column -= windows.Run;
            offset += windows.RowLength - windows.Run;
            row++;
        }

        return new(row, place.Bottom, column, inRun, offset);
    }

    public long Address => GpuAddress.Of(windows.Pixels);

    public Float4 Read(WindowRowPlace place)
    {
        if (TWidth.Fours) return Float4.Load<TWidth>(windows.Pixels, place.Offset, IsInside(place) ? 4 : 0);

        var second = Next(place, 1);
        var third = Next(second, 1);
        return new(Single(place), Single(second), Single(third), Single(Next(third, 1)));
    }

    public void Send(WindowRowPlace place, AsyncCopy copy)
    {
        if (TWidth.Fours)
        {
            copy.Send<TWidth>(place.Offset, IsInside(place) ? 4 : 0);
            return;
        }

        for (var i = 0; i < 4; i++, place = Next(place, 1)) copy.SendOne(i, place.Offset, IsInside(place));
    }

    private float Single(WindowRowPlace place) => IsInside(place) ? windows.Pixels[place.Offset] : 0;

    private bool IsInside(WindowRowPlace place) =>
        (uint)place.Row < (uint)place.Bottom && (uint)place.Column < (uint)windows.RowLength;
}

/// <summary>A float of a window.</summary>
/// <param name="row">Of the image; negative above it.</param>
/// <param name="bottom">The first row below the image or the window; 0 for a window that there is not.</param>
/// <param name="column">In floats; negative to the left of the image.</param>
/// <param name="inRun">The float's place in the window's row.</param>
/// <param name="offset">The float's place in memory, where there is one.</param>
internal readonly struct WindowRowPlace(int row, int bottom, int column, int inRun, int offset)
{
    public readonly int Row = row, Bottom = bottom, Column = column, InRun = inRun, Offset = offset;
}

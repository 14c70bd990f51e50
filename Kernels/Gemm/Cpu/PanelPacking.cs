namespace PyNetSharp.Kernels.Gemm;

/// <summary>Packs one operand of a product into panels, [depth, width] each, with zeros for missing columns.</summary>
internal static unsafe class PanelPacking
{
    /// <summary>panel[k, j] = from[k·stride + j]: a row of the panel is contiguous in memory.</summary>
    public static void Pack(float* from, nint stride, int depth, int columns, float* panel, int width)
    {
        if (columns == width)
        {
            for (var k = 0; k < depth; k++, from += stride, panel += width)
                new ReadOnlySpan<float>(from, width).CopyTo(new(panel, width));
            return;
        }

        for (var k = 0; k < depth; k++, from += stride, panel += width)
        {
            var row = new Span<float>(panel, width);
            new ReadOnlySpan<float>(from, columns).CopyTo(row);
            row[columns..].Clear();
        }
    }

    /// <summary>panel[k, j] = from[j·stride + k]: each column of the panel is contiguous in memory.</summary>
    public static void PackTransposed(float* from, nint stride, int depth, int columns, float* panel, int width)
    {
        for (var j = 0; j < width; j++)
        {
            var to = panel + j;
            if (j < columns)
            {
                var row = from + j * stride;
                for (nint k = 0; k < depth; k++) to[k * width] = row[k];
            }
            else
            {
                for (nint k = 0; k < depth; k++) to[k * width] = 0;
            }
        }
    }

    /// <summary>The inverse of <see cref="PackTransposed"/>: to[j·stride + k] = panel[k, j].</summary>
    public static void UnpackTransposed(float* panel, int width, int depth, int columns, float* to, nint stride)
    {
        for (var j = 0; j < columns; j++)
        {
            var row = to + j * stride;
            for (nint k = 0; k < depth; k++) row[k] = panel[k * width + j];
        }
    }
}

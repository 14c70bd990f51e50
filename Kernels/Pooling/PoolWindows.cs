using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>The windows of a pooling op along both axes, as tables in a block of the device.</summary>
internal readonly unsafe ref struct PoolWindows
{
    private const int MinTaskFloats = 1 << 13;      // inputs: fewer are not worth another thread

    private readonly Workspace memory;

    public PoolWindows(Device device, in PoolGeometry geometry)
    {
        var (rows, columns) = (geometry.Rows.Outputs, geometry.Columns.Outputs);
        memory = new(device, (rows + columns) * sizeof(PoolWindow) / sizeof(float));
        Rows = (PoolWindow*)memory.Pointer;
        Columns = Rows + rows;
        geometry.Rows.FillWindows(Rows);
        geometry.Columns.FillWindows(Columns);
        var inputsPerLine = (long)geometry.Height * geometry.Width * geometry.Channels / Math.Max(rows, 1);
        LinesPerTask = (int)Math.Max(1, MinTaskFloats / Math.Max(inputsPerLine, 1));
    }

    public PoolWindow* Rows { get; }

    public PoolWindow* Columns { get; }

    /// <summary>Rows of the output that are computed at a time.</summary>
    public int LinesPerTask { get; }

    public void Dispose() => memory.Dispose();
}

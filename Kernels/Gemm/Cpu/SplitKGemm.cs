namespace PyNetSharp.Kernels.Gemm;

/// <summary>Split-K: sums over parts of K are computed in single precision and added in double.</summary>
/// <remarks>
/// A sum in single precision cannot count beyond 2²⁴ ones, and is off by many roundings long before. The weight
/// gradients of a linear layer over a whole data set are such sums.
/// </remarks>
internal static unsafe class SplitKGemm
{
    /// <summary>The largest K that is summed in single precision: 64 blocks.</summary>
    public const int MaxFloat32K = 1 << 14;

    private const int MaxAccumulators = 1 << 20;     // 8 MB at a time

    /// <summary>c = a·b + bias, then max(·, 0) with <paramref name="relu"/>.</summary>
    public static void Multiply(
        GemmCpu kernels, CpuDevice cpu, Matrix a, Matrix b, float* c, float* bias, bool relu)
    {
        var band = Math.Clamp(MaxAccumulators / b.Columns, 1, a.Rows);
        using var part = new Workspace(cpu, band * b.Columns);
        using var totals = new DoubleAccumulators(cpu, band * b.Columns);
        for (var row = 0; row < a.Rows; row += band)
        {
            var rows = Math.Min(band, a.Rows - row);
            totals.Clear();
            for (var k = 0; k < a.Columns; k += MaxFloat32K)
            {
                var depth = Math.Min(MaxFloat32K, a.Columns - k);
                kernels.Multiply(
                    cpu, a.Slice(row, rows, k, depth), b.Slice(k, depth, 0, b.Columns), part.Pointer,
                    bias: null, relu: false);
                totals.Add(part.Pointer, 0, rows * b.Columns);
            }

            var to = c + (nint)row * b.Columns;
            totals.Store(to, 0, rows * b.Columns);
            if (bias != null || relu) ApplyEpilogue(cpu, to, rows, b.Columns, bias, relu);
        }
    }

    private static void ApplyEpilogue(CpuDevice cpu, float* c, int rows, int columns, float* bias, bool relu) =>
        cpu.For(rows, row =>
        {
            var to = c + (nint)row * columns;
            for (var column = 0; column < columns; column++)
            {
                var sum = bias == null ? to[column] : to[column] + bias[column];
                to[column] = relu && sum < 0 ? 0 : sum;
            }
        });
}

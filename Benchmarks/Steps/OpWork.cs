namespace PyNetSharp.Benchmarks;

/// <summary>What an op has to do, from its shapes.</summary>
/// <param name="Shapes">As a table shows them.</param>
/// <param name="Operations">Two to a multiply-add, of a direct computation; each gradient takes as many.</param>
/// <param name="Bytes">Inputs and result, once.</param>
internal sealed record OpWork(string Shapes, long Operations, long Bytes)
{
    public static OpWork Of(Op op, ReadOnlySpan<Tensor> inputs, Shape y)
    {
        var bytes = (long)y.Size * sizeof(float);
        foreach (var x in inputs) bytes += (long)x.Shape.Size * sizeof(float);
        return op switch
        {
            Convolution => new(Convolve(inputs[0].Shape, inputs[1].Shape, y), 2L * y.Size * (inputs[1].Shape.Size / inputs[1].Shape[0]), bytes),
            LinearMap => new($"{inputs[0].Shape[1]}→{y[1]}", 2L * y.Size * inputs[0].Shape[1], bytes),
            MatMul => new($"{inputs[0].Shape} · {inputs[1].Shape} → {y}", Product(inputs[0].Shape.Size, inputs[1].Shape.Size, y.Size), bytes),
            _ => new(inputs.Length == 0 || inputs[0].Shape == y ? $"{y}" : $"{inputs[0].Shape} → {y}", 0, bytes),
        };
    }

    private static string Convolve(Shape x, Shape weight, Shape y) =>
        $"{weight[2]}×{weight[3]} {weight[1]}→{weight[0]}, {x[2]}×{x[3]}" + (x[2] == y[2] && x[3] == y[3] ? "" : $"→{y[2]}×{y[3]}");

    /// <summary>[m, k] by [k, n] gives [m, n], so the sizes' product over the result's is k².</summary>
    private static long Product(long left, long right, long result) =>
        result == 0 ? 0 : 2 * result * (long)Math.Round(Math.Sqrt((double)left * right / result));
}

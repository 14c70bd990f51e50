namespace PyNetSharp.Benchmarks;

/// <summary>The work of an op, from its shapes.</summary>
/// <param name="Shapes">As a table shows them.</param>
/// <param name="Operations">Two to a multiply-add, of a direct computation; each gradient takes as many.</param>
/// <param name="Bytes">Inputs and result, once.</param>
internal sealed record OpWorkload(string Shapes, long Operations, long Bytes)
{
    public static OpWorkload Of(Op op, ReadOnlySpan<Tensor> inputs, Shape y)
    {
        var bytes = (long)y.Size * sizeof(float);
        foreach (var x in inputs) bytes += (long)x.Shape.Size * sizeof(float);
        return op switch
        {
            Conv2dOp => ForConvolution(inputs[0].Shape, inputs[1].Shape, y, bytes),
            LinearOp => new($"{inputs[0].Shape[1]}→{y[1]}", 2L * y.Size * inputs[0].Shape[1], bytes),
            MatMulOp => ForMatMul(inputs[0].Shape, inputs[1].Shape, y, bytes),
            _ => new(inputs.Length == 0 || inputs[0].Shape == y ? $"{y}" : $"{inputs[0].Shape} → {y}", 0, bytes),
        };
    }

    private static OpWorkload ForConvolution(Shape x, Shape weight, Shape y, long bytes)
    {
        var shapes = $"{weight[2]}×{weight[3]} {weight[1]}→{weight[0]}, {x[2]}×{x[3]}";
        if (x[2] != y[2] || x[3] != y[3]) shapes += $"→{y[2]}×{y[3]}";
        return new(shapes, 2L * y.Size * (weight.Size / weight[0]), bytes);
    }

    /// <summary>[m, k] by [k, n] gives [m, n], so the sizes' product over the result's is k².</summary>
    private static OpWorkload ForMatMul(Shape a, Shape b, Shape y, long bytes)
    {
        var k = y.Size == 0 ? 0 : (long)Math.Round(Math.Sqrt((double)a.Size * b.Size / y.Size));
        return new($"{a} · {b} → {y}", 2 * k * y.Size, bytes);
    }
}

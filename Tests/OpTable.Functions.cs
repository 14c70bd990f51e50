namespace PyNetSharp.Tests;

/// <content>Functions of elements.</content>
public static partial class OpTable
{
    private static OpRow[] Functions =>
    [
        new("Exp", x => x[0].Exp(), [37]) { Reference = x => x[0].Map(Math.Exp), LargeShapes = [[100_000]] },
        new("Log", x => x[0].Log(), [37]) { Low = 0.5f, High = 3, Reference = x => x[0].Map(Math.Log) },
        new("Sqrt", x => x[0].Sqrt(), [37]) { Low = 0.5f, High = 3, Reference = x => x[0].Map(Math.Sqrt) },
        new("Rsqrt", x => x[0].Rsqrt(), [37])
        {
            Low = 0.5f,
            High = 3,
            Reference = x => x[0].Map(v => 1 / Math.Sqrt(v)),
        },
        new("Square", x => x[0].Square(), [2, 19]) { Step = 1, Reference = x => x[0].Map(v => v * v) },
        new("Abs", x => x[0].Abs(), [37]) { High = -0.1f, Reference = x => x[0].Map(Math.Abs) },
        new("Sin", x => x[0].Sin(), [37]) { Low = -4, High = 4, Reference = x => x[0].Map(Math.Sin) },
        new("Cos", x => x[0].Cos(), [37]) { Low = -4, High = 4, Reference = x => x[0].Map(Math.Cos) },
        new("Clamp", x => x[0].Clamp(-0.5f, 0.5f), [37])
        {
            Low = -0.4f,
            High = 0.4f,
            Reference = x => x[0].Map(v => Math.Clamp(v, -0.5, 0.5)),
        },
        new("Clamp from above", x => x[0].Clamp(max: 0.5f), [37]) { Low = 0.6f, Reference = x => x[0].Map(_ => 0.5) },
        new("Tanh", x => x[0].Tanh(), [37]) { Low = -3, High = 3, Reference = x => x[0].Map(Math.Tanh) },
        new("LeakyRelu", x => x[0].LeakyRelu(0.1f), [37])
        {
            High = -0.1f,
            Step = 1f / 16,
            Reference = x => x[0].Map(v => 0.1f * v),
        },
        new("Elu", x => x[0].Elu(1.5f), [37]) { High = -0.1f, Reference = x => x[0].Map(v => 1.5 * (Math.Exp(v) - 1)) },
        new("Gelu", x => x[0].Gelu(), [37])
        {
            Low = -3,
            High = 3,
            Reference = x => x[0].Map(v => v * (1 + F64.Erf(new(v / Math.Sqrt(2))).V) / 2),
        },
        new("Gelu by tanh", x => x[0].Gelu(approximate: true), [37])
        {
            Low = -3,
            High = 3,
            Reference = x => x[0].Map(v =>
                v * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v))) / 2),
        },
        new("Hardswish", x => x[0].Hardswish(), [37])
        {
            Low = -2.9f,
            High = 2.9f,
            Reference = x => x[0].Map(v => v * (v + 3) / 6),
        },
        new("Softplus", x => x[0].Softplus(2), [37])
        {
            Low = -4,
            High = 4,
            Reference = x => x[0].Map(v => Math.Log(1 + Math.Exp(2 * v)) / 2),
        },
        new("Divide by a number", x => x[0] / 3, [37]) { Step = 1, Reference = x => x[0].Map(v => v / 3) },
        new("Divide a number", x => 3 / x[0], [37]) { Low = 1, High = 3, Reference = x => x[0].Map(v => 3 / v) },
        new("Pow of 2.5", x => x[0].Pow(2.5f), [37])
        {
            Low = 0.5f,
            High = 2,
            Reference = x => x[0].Map(v => Math.Pow(v, 2.5)),
        },
        new("Pow of 3", x => x[0].Pow(3), [37]) { Low = -2, High = 2, Reference = x => x[0].Map(v => v * v * v) },
        Divide([3, 19], [3, 19]) with { LargeShapes = [[1000, 192], [1000, 192]] },
        Divide([2, 5, 3, 4], [5, 1, 1]),
        Divide([4, 1], [3]),
        Binary("Pow", (a, b) => a.Pow(b), Math.Pow, [3, 19], [3, 19]),
        Binary("Pow", (a, b) => a.Pow(b), Math.Pow, [2, 5, 3, 4], [5, 1, 1]),
        // Of operands that are far apart, so that no step changes which is the larger one.
        Binary("Maximum", (a, b) => a.Maximum(b + 3), (a, b) => Math.Max(a, b + 3), [3, 19], [19]),
        Binary("Maximum of the first", (a, b) => (a + 3).Maximum(b), (a, b) => Math.Max(a + 3, b), [3, 19], [19]),
        Binary("Minimum", (a, b) => a.Minimum(b + 3), (a, b) => Math.Min(a, b + 3), [3, 19], [19]),
        new("Maximum of itself", x => x[0].Maximum(x[0]), [5]) { Step = 1, Reference = x => x[0] },
        new("Softmax along the last axis", x => x[0].Softmax(-1), [2, 3, 4, 5])
        {
            Reference = x => x[0].Map(Math.Exp).Broadcast(x[0].Map(Math.Exp).Sum(3), (a, b) => a / b),
        },
        new("LogSoftmax along the first axis", x => x[0].LogSoftmax(0), [3, 2, 4])
        {
            Reference = x => x[0].Broadcast(x[0].Map(Math.Exp).Sum(0).Map(Math.Log), (a, b) => a - b),
        },
        new("Where", x => Condition.To(x[0].Device).Where(x[0], x[1]), [3, 1], [2, 3, 4])
        {
            Step = 1,
            Reference = x => ReferenceTensor.Of(Condition).Broadcast(x[0], (c, a) => c == 0 ? double.NaN : a)
                .Broadcast(x[1], (a, b) => double.IsNaN(a) ? b : a),
        },
    ];

    private static Tensor Condition => Tensor.From([2, 1, 4], [1, 0, 1, 0, 0, 1, 2, -1]);

    private static ShapeErrorRow[] FunctionErrors =>
    [
        new("Divide", x => x[0] / x[1], [2, 3], [2]),
        new("Maximum", x => x[0].Maximum(x[1]), [2, 3], [2]),
        new("Greater", x => x[0] > x[1], [2, 3], [2]),
        new("Where", x => x[0].Where(x[1], x[2]), [2, 3], [2], [3]),
        new("Softmax", x => x[0].Softmax(3), [2, 3, 4]),
    ];

    private static OpRow Divide(Shape a, Shape b) => Binary("Divide", (a, b) => a / b, (a, b) => a / b, a, b);

    private static OpRow Binary(
        string name, Func<Tensor, Tensor, Tensor> op, Func<double, double, double> reference, Shape a, Shape b) =>
        new(name, x => op(x[0], x[1]), a, b)
        {
            Low = 0.5f,
            High = 2,
            Reference = x => x[0].Broadcast(x[1], reference),
        };
}

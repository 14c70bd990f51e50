namespace PyNetSharp;

internal sealed partial class LinearMap
{
    private static LinearProducts Products(Tensor x, Tensor weight) => new(x.Shape[0], weight.Shape[1], weight.Shape[0]);

    static partial void ForwardOnGpu(Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y) =>
        Products(x, weight).Forward(x, weight, bias, relu, y);

    static partial void GradientByWeightOnGpu(Tensor dy, Tensor x, Tensor dw, Tensor db) =>
        Products(x, dw).GradientByWeight(dy, x, dw, db);
}

namespace PyNetSharp;

/// <summary>The three products of a linear map: of a linear layer, and of a 1×1 convolution, which is one at every pixel.</summary>
/// <param name="Rows">Samples, or pixels.</param>
/// <remarks>
/// By their storage, whatever their shapes: x and dx [rows, inputs], y and dy [rows, outputs], weight and dw
/// [outputs, inputs], bias and db [outputs].
/// </remarks>
internal readonly record struct LinearProducts(int Rows, int Inputs, int Outputs)
{
    private bool InFours => Fours.Fit(Inputs, Outputs);

    /// <summary>y = x·Wᵀ + bias, then perhaps max(·, 0).</summary>
    public void Forward(Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y)
    {
        if (InFours) Forward<Fours>(x, weight, bias, relu, y);
        else Forward<Singles>(x, weight, bias, relu, y);
    }

    /// <summary>dx = dy·W.</summary>
    public void GradientByInput(Tensor dy, Tensor weight, Tensor dx)
    {
        if (InFours) GradientByInput<Fours>(dy, weight, dx);
        else GradientByInput<Singles>(dy, weight, dx);
    }

    /// <summary>dw = dyᵀ·x, and db = the sums of dy's columns.</summary>
    public void GradientByWeight(Tensor dy, Tensor x, Tensor dw, Tensor db)
    {
        if (InFours) GradientByWeight<Fours>(dy, x, dw, db);
        else GradientByWeight<Singles>(dy, x, dw, db);
    }

    private void Forward<TWidth>(Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y) where TWidth : struct, IWidth =>
        Products.Run<TWidth, MatrixRows<TWidth>, MatrixPlace, MatrixRows<TWidth>, MatrixPlace>(
            new(x.View, Rows, Inputs), new(weight.View, Outputs, Inputs), (Rows, Outputs, Inputs), y, bias, relu);

    private void GradientByInput<TWidth>(Tensor dy, Tensor weight, Tensor dx) where TWidth : struct, IWidth =>
        Products.Run<TWidth, MatrixRows<TWidth>, MatrixPlace, MatrixColumns<TWidth>, MatrixPlace>(
            new(dy.View, Rows, Outputs), new(weight.View, Inputs, Outputs), (Rows, Inputs, Outputs), dx);

    private void GradientByWeight<TWidth>(Tensor dy, Tensor x, Tensor dw, Tensor db) where TWidth : struct, IWidth =>
        Products.Gradient<TWidth, MatrixColumns<TWidth>, MatrixPlace, MatrixColumns<TWidth>, MatrixPlace>(
            new(dy.View, Outputs, Rows), new(x.View, Inputs, Rows), (Outputs, Inputs, Rows), dw, db);
}

namespace PyNetSharp.Kernels.Gemm;

/// <summary>The three products of a linear layer, or of a 1×1 convolution, which is one at every pixel.</summary>
/// <param name="Rows">N, or N·P·Q of a convolution.</param>
/// <param name="Inputs">Features, or channels C.</param>
/// <param name="Outputs">Features, or channels K.</param>
/// <remarks>
/// In storage, whatever their shapes: x and dx [rows, inputs], y and dy [rows, outputs], weight and dw [outputs,
/// inputs], bias and db [outputs].
/// </remarks>
internal readonly record struct LinearGpu(int Rows, int Inputs, int Outputs)
{
    private bool IsVector4 => VectorAccess.Fits(Inputs, Outputs);

    /// <summary>y = x·Wᵀ + bias, then max(·, 0) if <paramref name="relu"/>.</summary>
    public void Forward(Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y)
    {
        if (IsVector4) Forward<VectorAccess>(x, weight, bias, relu, y);
        else Forward<ScalarAccess>(x, weight, bias, relu, y);
    }

    /// <summary>dx = dy·W.</summary>
    public void InputGradient(Tensor dy, Tensor weight, Tensor dx)
    {
        if (IsVector4) InputGradient<VectorAccess>(dy, weight, dx);
        else InputGradient<ScalarAccess>(dy, weight, dx);
    }

    /// <summary>dw = dyᵀ·x, and db = the sums of dy's columns.</summary>
    public void WeightGradient(Tensor dy, Tensor x, Tensor dw, Tensor db)
    {
        if (IsVector4) WeightGradient<VectorAccess>(dy, x, dw, db);
        else WeightGradient<ScalarAccess>(dy, x, dw, db);
    }

    private void Forward<TAccess>(Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y)
        where TAccess : struct, IGlobalAccess =>
        GemmGpu.Run<TAccess, KMajorMatrix<TAccess>, MatrixCursor, KMajorMatrix<TAccess>, MatrixCursor>(
            new(x.View, Rows, Inputs), new(weight.View, Outputs, Inputs), (Rows, Outputs, Inputs), y, bias, relu);

    private void InputGradient<TAccess>(Tensor dy, Tensor weight, Tensor dx) where TAccess : struct, IGlobalAccess =>
        GemmGpu.Run<TAccess, KMajorMatrix<TAccess>, MatrixCursor, MNMajorMatrix<TAccess>, MatrixCursor>(
            new(dy.View, Rows, Outputs), new(weight.View, Inputs, Outputs), (Rows, Inputs, Outputs), dx);

    private void WeightGradient<TAccess>(Tensor dy, Tensor x, Tensor dw, Tensor db)
        where TAccess : struct, IGlobalAccess =>
        GemmGpu.WeightGradient<TAccess, MNMajorMatrix<TAccess>, MatrixCursor, MNMajorMatrix<TAccess>, MatrixCursor>(
            new(dy.View, Outputs, Rows), new(x.View, Inputs, Rows), (Outputs, Inputs, Rows), dy, dw, db);
}

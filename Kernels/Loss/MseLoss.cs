using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The squared error.</summary>
public static class MseLossExtensions
{
    extension(Tensor x)
    {
        /// <summary>The squared error (x − target)², elementwise, and its mean.</summary>
        /// <param name="target">Of x's shape: nothing is broadcast. It may require a gradient.</param>
        /// <param name="reduction">Whether the result is the mean, the sum or all errors.</param>
        /// <returns>A scalar; a tensor of x's shape for <see cref="LossReduction.None"/>.</returns>
        /// <exception cref="ShapeException">The shapes differ.</exception>
        /// <exception cref="ArgumentOutOfRangeException">There is no such reduction.</exception>
        /// <remarks>A NaN in x or the target makes the mean and the sum NaN.</remarks>
        public Tensor MseLoss(Tensor target, LossReduction reduction = LossReduction.Mean) =>
            new ElementwiseLossOp<SquaredError>(new(), reduction).Apply(x, target);
    }
}

internal readonly struct SquaredError : ILossFormula
{
    public static string Name => "MseLoss";

    public T F<T>(T x, T t) where T : struct, IReal<T>
    {
        var d = x - t;
        return d * d;
    }

    public T DInput<T>(T x, T t) where T : struct, IReal<T> => T.Create(2) * (x - t);

    public T DTarget<T>(T x, T t) where T : struct, IReal<T> => -DInput(x, t);
}

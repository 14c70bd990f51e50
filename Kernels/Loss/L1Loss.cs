using System.Runtime.CompilerServices;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The absolute error.</summary>
public static class L1LossExtensions
{
    extension(Tensor x)
    {
        /// <summary>The absolute error |x − target|, elementwise, and its mean.</summary>
        /// <param name="target">Of x's shape: nothing is broadcast. It may require a gradient.</param>
        /// <param name="reduction">Whether the result is the mean, the sum or all errors.</param>
        /// <returns>A scalar; a tensor of x's shape for <see cref="LossReduction.None"/>.</returns>
        /// <exception cref="ShapeException">The shapes differ.</exception>
        /// <exception cref="ArgumentOutOfRangeException">There is no such reduction.</exception>
        /// <remarks>The gradient is 0 where both are equal. A NaN makes the mean and the sum NaN.</remarks>
        public Tensor L1Loss(Tensor target, LossReduction reduction = LossReduction.Mean) =>
            new ElementwiseLossOp<AbsoluteError>(new(), reduction).Apply(x, target);
    }
}

internal readonly struct AbsoluteError : ILossFormula
{
    public static string Name => "L1Loss";

    public T F<T>(T x, T t) where T : struct, IReal<T>
    {
        var d = x - t;
        return T.Max(-d, d);
    }

    /// <summary>The sign of x − t: 0 where they are equal, NaN of NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T DInput<T>(T x, T t) where T : struct, IReal<T>
    {
        var d = x - t;
        return T.SelectPositive(d, T.Create(1), T.SelectPositive(-d, T.Create(-1), d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T DTarget<T>(T x, T t) where T : struct, IReal<T> => -DInput(x, t);
}

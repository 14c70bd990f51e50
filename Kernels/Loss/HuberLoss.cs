using System.Runtime.CompilerServices;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Huber's loss and smooth L1.</summary>
public static class HuberLossExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// Huber's loss, elementwise, and its mean: ½·d² where |d| ≤ δ and δ·(|d| − ½·δ) beyond, for d = x − target.
        /// </summary>
        /// <param name="target">Of x's shape: nothing is broadcast. It may require a gradient.</param>
        /// <param name="delta">δ, where the square becomes a line: above 0 and finite.</param>
        /// <param name="reduction">Whether the result is the mean, the sum or all losses.</param>
        /// <returns>A scalar; a tensor of x's shape for <see cref="LossReduction.None"/>.</returns>
        /// <exception cref="ShapeException">The shapes differ.</exception>
        /// <exception cref="ArgumentOutOfRangeException">
        /// <paramref name="delta"/> is not above 0 and finite, or there is no such reduction.
        /// </exception>
        /// <remarks>No element's gradient is larger than δ. A NaN makes the mean and the sum NaN.</remarks>
        /// <seealso href="https://doi.org/10.1214/aoms/1177703732">Huber, 1964</seealso>
        public Tensor HuberLoss(Tensor target, float delta = 1, LossReduction reduction = LossReduction.Mean)
        {
            LossOptions.CheckPositive("HuberLoss", nameof(delta), delta);
            return new ElementwiseLossOp<Huber>(new(delta), reduction).Apply(x, target);
        }

        /// <summary>
        /// Smooth L1, elementwise, and its mean: ½·d²/β where |d| &lt; β and |d| − ½·β beyond, for d = x − target.
        /// Huber's loss divided by its δ.
        /// </summary>
        /// <param name="target">Of x's shape: nothing is broadcast. It may require a gradient.</param>
        /// <param name="beta">β, where the square becomes a line: from 0, which makes it <c>L1Loss</c>.</param>
        /// <param name="reduction">Whether the result is the mean, the sum or all losses.</param>
        /// <returns>A scalar; a tensor of x's shape for <see cref="LossReduction.None"/>.</returns>
        /// <exception cref="ShapeException">The shapes differ.</exception>
        /// <exception cref="ArgumentOutOfRangeException">
        /// <paramref name="beta"/> is negative or not finite, or there is no such reduction.
        /// </exception>
        /// <seealso href="https://arxiv.org/abs/1504.08083">Girshick, Fast R-CNN, 2015, eq. 3</seealso>
        public Tensor SmoothL1Loss(Tensor target, float beta = 1, LossReduction reduction = LossReduction.Mean)
        {
            if (beta == 0) return x.L1Loss(target, reduction);
            LossOptions.CheckPositive("SmoothL1Loss", nameof(beta), beta);
            return new ElementwiseLossOp<SmoothAbsoluteError>(new(beta), reduction).Apply(x, target);
        }
    }
}

internal readonly struct Huber(float delta) : ILossFormula
{
    public static string Name => "HuberLoss";

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T F<T>(T x, T t) where T : struct, IReal<T>
    {
        var (d, size) = (x - t, T.Create(delta));
        var distance = T.Max(-d, d);
        var half = T.Create(0.5f);
        return T.SelectPositive(distance - size, size * (distance - half * size), half * d * d);
    }

    /// <summary>x − t, limited to ±δ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T DInput<T>(T x, T t) where T : struct, IReal<T>
    {
        var least = T.Create(-delta);
        return -T.Max(least, -T.Max(least, x - t));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T DTarget<T>(T x, T t) where T : struct, IReal<T> => -DInput(x, t);
}

internal readonly struct SmoothAbsoluteError(float beta) : ILossFormula
{
    public static string Name => "SmoothL1Loss";

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T F<T>(T x, T t) where T : struct, IReal<T>
    {
        var (d, size) = (x - t, T.Create(beta));
        var distance = T.Max(-d, d);
        var half = T.Create(0.5f);
        return T.SelectPositive(distance - size, distance - half * size, half * d * d / size);
    }

    /// <summary>(x − t)/β, limited to ±1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T DInput<T>(T x, T t) where T : struct, IReal<T>
    {
        var least = T.Create(-1);
        return -T.Max(least, -T.Max(least, (x - t) / T.Create(beta)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T DTarget<T>(T x, T t) where T : struct, IReal<T> => -DInput(x, t);
}

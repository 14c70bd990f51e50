using System.Runtime.CompilerServices;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The loss of yes-or-no questions: one or several per item.</summary>
public static class BinaryCrossEntropyExtensions
{
    extension(Tensor logits)
    {
        /// <summary>
        /// Cross-entropy between sigmoids and targets, elementwise, and its mean:
        /// −w·(p·t·log σ(x) + (1 − t)·log(1 − σ(x))).
        /// </summary>
        /// <param name="target">
        /// t, the probability of yes, as a rule 0 or 1: of the logits' shape. It may require a gradient.
        /// </param>
        /// <param name="weight">w, broadcast to the logits' shape; null for 1.</param>
        /// <param name="posWeight">
        /// p, broadcast to the logits' shape: above 1 where yes is rare; null for 1.
        /// </param>
        /// <param name="reduction">
        /// Whether the result is the mean, the sum or all losses. The mean is over the number of elements, whatever
        /// their weights.
        /// </param>
        /// <returns>
        /// In nats: a scalar; a tensor of the logits' shape for <see cref="LossReduction.None"/>. Logits of 0 score
        /// ln 2 each.
        /// </returns>
        /// <exception cref="ShapeException">
        /// The target's shape is another, or a weight cannot be broadcast to the logits' shape.
        /// </exception>
        /// <exception cref="ArgumentOutOfRangeException">There is no such reduction.</exception>
        /// <remarks>
        /// Computed as max(x, 0) − x·t + log(1 + exp(−|x|)), so no finite logit overflows, and small losses keep their
        /// digits. With weights it is composed of several ops, whose intermediates take up to five times the memory of
        /// the logits; gradients flow to the weights as well.
        /// </remarks>
        /// <seealso href="https://www.deeplearningbook.org/contents/mlp.html">
        /// Goodfellow, Bengio and Courville, 2016, §6.2.2.2
        /// </seealso>
        public Tensor BinaryCrossEntropyWithLogits(
            Tensor target, Tensor? weight = null, Tensor? posWeight = null,
            LossReduction reduction = LossReduction.Mean)
        {
            ArgumentNullException.ThrowIfNull(target);
            if (weight is null && posWeight is null)
                return new ElementwiseLossOp<BinaryCrossEntropy>(new(), reduction).Apply(logits, target);
            LossOptions.Check(BinaryCrossEntropy.Name, reduction);
            CheckShapes(logits.Shape, target.Shape, weight?.Shape, posWeight?.Shape);
            return Weighted(logits, target, weight, posWeight, reduction);
        }
    }

    /// <summary>[BCE(x, t) + (p − 1)·t·log(1 + exp(−x))]·w</summary>
    private static Tensor Weighted(
        Tensor logits, Tensor target, Tensor? weight, Tensor? posWeight, LossReduction reduction)
    {
        var loss = new ElementwiseLossOp<BinaryCrossEntropy>(new(), LossReduction.None).Apply(logits, target);
        if (posWeight is not null)
        {
            using var plain = new TemporaryTensor(loss);
            using var positive = new TemporaryTensor(
                new ElementwiseLossOp<PositiveCrossEntropy>(new(), LossReduction.None).Apply(logits, target));
            using var excess = new TemporaryTensor(posWeight - 1);
            using var added = new TemporaryTensor(positive.Tensor * excess.Tensor);
            loss = plain.Tensor + added.Tensor;
        }

        if (weight is not null)
        {
            using var unweighted = new TemporaryTensor(loss);
            loss = unweighted.Tensor * weight;
        }

        if (reduction == LossReduction.None) return loss;
        using var losses = new TemporaryTensor(loss);
        return reduction == LossReduction.Mean ? loss.Mean() : loss.Sum();
    }

    private static void CheckShapes(Shape logits, Shape target, Shape? weight, Shape? posWeight)
    {
        if (target == logits && Fits(weight) && Fits(posWeight)) return;
        throw new ShapeException(
            $"{BinaryCrossEntropy.Name}: logits {logits}, target {target}, weight {weight?.ToString() ?? "none"}, " +
            $"posWeight {posWeight?.ToString() ?? "none"}; the target must have the logits' shape, and the weights " +
            "one that is broadcast to it.");

        bool Fits(Shape? shape) => shape is null || (shape.Rank <= logits.Rank
            && shape.Index().All(axis => axis.Item == 1 || axis.Item == logits[^(shape.Rank - axis.Index)]));
    }
}

/// <summary>max(x, 0) − x·t + log(1 + exp(−|x|))</summary>
internal readonly struct BinaryCrossEntropy : ILossFormula
{
    public static string Name => "BinaryCrossEntropyWithLogits";

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T F<T>(T x, T t) where T : struct, IReal<T> =>
        T.Max(T.Create(0), x) - x * t + LogOnePlusExp(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T DInput<T>(T x, T t) where T : struct, IReal<T> => RealFunctions.Sigmoid(x) - t;

    public T DTarget<T>(T x, T t) where T : struct, IReal<T> => -x;

    /// <summary>log(1 + exp(−|x|)), with a relative error of some roundings also where it is small.</summary>
    /// <remarks>
    /// With e = exp(−|x|), which is at most 1, and s = e/(2 + e), at most ⅓, it is
    /// log((1 + s)/(1 − s)) = 2·(s + s³/3 + s⁵/5 + …); after s¹⁵/15 the rest is below 2·10⁻⁹ of it. So it takes no
    /// logarithm, as <see cref="RealFunctions.Log1p"/> would.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T LogOnePlusExp<T>(T x) where T : struct, IReal<T>
    {
        var e = T.Exp(-T.Max(-x, x));
        var s = e / (T.Create(2) + e);
        var q = s * s;
        var p = T.Create(1f / 15);
        p = p * q + T.Create(1f / 13);
        p = p * q + T.Create(1f / 11);
        p = p * q + T.Create(1f / 9);
        p = p * q + T.Create(1f / 7);
        p = p * q + T.Create(1f / 5);
        p = p * q + T.Create(1f / 3);
        return T.Create(2) * (s + s * q * p);
    }
}

/// <summary>−t·log σ(x) = t·log(1 + exp(−x))</summary>
internal readonly struct PositiveCrossEntropy : ILossFormula
{
    public static string Name => BinaryCrossEntropy.Name;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T F<T>(T x, T t) where T : struct, IReal<T> => t * DTarget(x, t);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T DInput<T>(T x, T t) where T : struct, IReal<T> => -t * RealFunctions.Sigmoid(-x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T DTarget<T>(T x, T t) where T : struct, IReal<T> =>
        T.Max(T.Create(0), -x) + BinaryCrossEntropy.LogOnePlusExp(x);
}

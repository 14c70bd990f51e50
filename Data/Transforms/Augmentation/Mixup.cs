using System.Numerics.Tensors;

namespace PyNetSharp.Data;

/// <summary>Mixes each item of a batch, and its label, with another one.</summary>
/// <remarks>
/// x = λ·xᵢ + (1 − λ)·xⱼ and, of the one-hot labels, y = λ·yᵢ + (1 − λ)·yⱼ, where j is the item before i in the batch,
/// the last for the first, and λ is drawn for each batch from the distribution Beta(α, α), as torchvision's
/// <c>MixUp</c> does. So items must be shuffled. Mixing is linear: before or after normalization it is the same.
/// </remarks>
/// <seealso href="https://arxiv.org/abs/1710.09412">Zhang, Cisse, Dauphin and Lopez-Paz, 2018</seealso>
public sealed class Mixup
{
    /// <summary>The greatest <see cref="Alpha"/>.</summary>
    public const float MaxAlpha = 100;

    /// <summary>Mixes by shares drawn from Beta(α, α).</summary>
    /// <param name="alpha">
    /// α: above 0, at most <see cref="MaxAlpha"/>. The paper has 1 for CIFAR and 0.2 for ImageNet; the greater, the
    /// nearer are the shares to a half.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">α is outside its range.</exception>
    public Mixup(float alpha = 0.2f)
    {
        AugmentationRange.Check(alpha, float.Epsilon, MaxAlpha, nameof(alpha));
        Alpha = alpha;
    }

    /// <summary>α of the distribution of shares.</summary>
    public float Alpha { get; }

    /// <summary>Draws λ, in [0, 1].</summary>
    internal float Draw(Rng rng)
    {
        var (a, b) = (LogGamma(rng), LogGamma(rng));
        return (float)(1 / (1 + Math.Exp(b - a)));
    }

    /// <summary>Mixes items in place.</summary>
    /// <param name="items">One after the other.</param>
    /// <param name="size">The values of an item.</param>
    /// <param name="share">λ.</param>
    /// <param name="buffer">Overwritten; as long as an item.</param>
    internal static void Mix(Span<float> items, int size, float share, Span<float> buffer)
    {
        if (items.Length < 2 * size) return;                // alone, an item is mixed with itself
        items[^size..].CopyTo(buffer);
        for (var at = items.Length - size; at >= 0; at -= size)
        {
            var item = items.Slice(at, size);
            ReadOnlySpan<float> other = at > 0 ? items.Slice(at - size, size) : buffer[..size];
            TensorPrimitives.Multiply(item, share, item);
            TensorPrimitives.MultiplyAdd(other, 1 - share, item, item);
        }
    }

    /// <summary>The probabilities of mixed items.</summary>
    /// <param name="labels">Those of the items; overwritten by the labels of the greater shares.</param>
    /// <param name="share">λ.</param>
    /// <param name="probabilities">[items, classes], overwritten.</param>
    internal static void Mix(Span<int> labels, float share, Span<float> probabilities)
    {
        probabilities.Clear();
        var classes = probabilities.Length / labels.Length;
        var last = labels[^1];
        for (var i = labels.Length - 1; i >= 0; i--)
        {
            var other = i > 0 ? labels[i - 1] : last;
            var row = probabilities.Slice(i * classes, classes);
            row[labels[i]] = share;
            row[other] = other == labels[i] ? 1 : 1 - share;
            if (share < 0.5f) labels[i] = other;
        }
    }

    /// <summary>
    /// The logarithm of a number of the distribution Γ(α), which itself may be too small for a double.
    /// </summary>
    /// <remarks>
    /// Γ(α) is Γ(α + 1)·u^(1/α), and Γ(α + 1) is drawn by rejection from a normal distribution: Marsaglia and Tsang,
    /// 2000, <see href="https://doi.org/10.1145/358407.358414"/>.
    /// </remarks>
    private double LogGamma(Rng rng)
    {
        var d = Alpha + 1 - 1.0 / 3;
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double normal = rng.NextNormal();
            var v = Math.Pow(1 + c * normal, 3);
            var u = 1 - rng.NextDouble();                   // in (0, 1]
            if (v > 0 && Math.Log(u) < 0.5 * normal * normal + d * (1 - v + Math.Log(v)))
                return Math.Log(d * v) + Math.Log(1 - rng.NextDouble()) / Alpha;
        }
    }
}

using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Comparisons, elementwise.</summary>
public static class ComparisonExtensions
{
    extension(Tensor a)
    {
        /// <summary>1 where a &gt; b, else 0.</summary>
        /// <param name="b">A shape that broadcasts with <paramref name="a"/>'s.</param>
        /// <returns>
        /// The common shape. Comparisons with NaN are false. It is in no graph: there is no gradient.
        /// </returns>
        /// <exception cref="ShapeException">Two aligned extents differ and neither is 1.</exception>
        public Tensor Greater(Tensor b) => Comparison.Of<Greater>(a, b);

        /// <summary>1 where a &gt; <paramref name="b"/>, else 0.</summary>
        /// <param name="b">What every element is compared with.</param>
        /// <returns>
        /// A tensor shaped like <paramref name="a"/>. Comparisons with NaN are false. It is in no graph: there is no
        /// gradient.
        /// </returns>
        public Tensor Greater(float b) => Comparison.Of<Greater>(a, b);

        /// <summary>1 where a ≥ b, else 0.</summary>
        /// <inheritdoc cref="Greater(Tensor, Tensor)"/>
        public Tensor GreaterOrEqual(Tensor b) => Comparison.Of<GreaterOrEqual>(a, b);

        /// <summary>1 where a ≥ <paramref name="b"/>, else 0.</summary>
        /// <inheritdoc cref="Greater(Tensor, float)"/>
        public Tensor GreaterOrEqual(float b) => Comparison.Of<GreaterOrEqual>(a, b);

        /// <summary>1 where a &lt; b, else 0.</summary>
        /// <inheritdoc cref="Greater(Tensor, Tensor)"/>
        public Tensor Less(Tensor b) => Comparison.Of<Less>(a, b);

        /// <summary>1 where a &lt; <paramref name="b"/>, else 0.</summary>
        /// <inheritdoc cref="Greater(Tensor, float)"/>
        public Tensor Less(float b) => Comparison.Of<Less>(a, b);

        /// <summary>1 where a ≤ b, else 0.</summary>
        /// <inheritdoc cref="Greater(Tensor, Tensor)"/>
        public Tensor LessOrEqual(Tensor b) => Comparison.Of<LessOrEqual>(a, b);

        /// <summary>1 where a ≤ <paramref name="b"/>, else 0.</summary>
        /// <inheritdoc cref="Greater(Tensor, float)"/>
        public Tensor LessOrEqual(float b) => Comparison.Of<LessOrEqual>(a, b);

        /// <summary>1 where a = b, else 0.</summary>
        /// <inheritdoc cref="Greater(Tensor, Tensor)"/>
        public Tensor EqualTo(Tensor b) => Comparison.Of<EqualTo>(a, b);

        /// <summary>1 where a = <paramref name="b"/>, else 0.</summary>
        /// <inheritdoc cref="Greater(Tensor, float)"/>
        public Tensor EqualTo(float b) => Comparison.Of<EqualTo>(a, b);

        /// <summary>1 where a ≠ b, else 0; NaN differs from everything.</summary>
        /// <inheritdoc cref="Greater(Tensor, Tensor)"/>
        public Tensor NotEqualTo(Tensor b) => Comparison.Of<NotEqualTo>(a, b);

        /// <summary>1 where a ≠ <paramref name="b"/>, else 0; NaN differs from everything.</summary>
        /// <inheritdoc cref="Greater(Tensor, float)"/>
        public Tensor NotEqualTo(float b) => Comparison.Of<NotEqualTo>(a, b);

        /// <summary>As <c>left.Greater(right)</c>.</summary>
        public static Tensor operator >(Tensor left, Tensor right) => Comparison.Of<Greater>(left, right);

        /// <summary>As <c>left.Less(right)</c>.</summary>
        public static Tensor operator <(Tensor left, Tensor right) => Comparison.Of<Less>(left, right);

        /// <summary>As <c>left.GreaterOrEqual(right)</c>.</summary>
        public static Tensor operator >=(Tensor left, Tensor right) => Comparison.Of<GreaterOrEqual>(left, right);

        /// <summary>As <c>left.LessOrEqual(right)</c>.</summary>
        public static Tensor operator <=(Tensor left, Tensor right) => Comparison.Of<LessOrEqual>(left, right);

        /// <summary>As <c>left.Greater(right)</c>.</summary>
        public static Tensor operator >(Tensor left, float right) => Comparison.Of<Greater>(left, right);

        /// <summary>As <c>left.Less(right)</c>.</summary>
        public static Tensor operator <(Tensor left, float right) => Comparison.Of<Less>(left, right);

        /// <summary>As <c>left.GreaterOrEqual(right)</c>.</summary>
        public static Tensor operator >=(Tensor left, float right) => Comparison.Of<GreaterOrEqual>(left, right);

        /// <summary>As <c>left.LessOrEqual(right)</c>.</summary>
        public static Tensor operator <=(Tensor left, float right) => Comparison.Of<LessOrEqual>(left, right);
    }
}

internal static class Comparison
{
    public static Tensor Of<TFormula>(Tensor a, Tensor b) where TFormula : struct, IBinaryFormula
    {
        ArgumentNullException.ThrowIfNull(b);
        using var noGrad = GradMode.NoGrad();
        return new BinaryOp<TFormula>(default).Apply(a, b);
    }

    public static Tensor Of<TFormula>(Tensor a, float b) where TFormula : struct, IBinaryFormula
    {
        using var noGrad = GradMode.NoGrad();
        return new ElementwiseOp<WithScalar<TFormula>>(new(b), typeof(TFormula).Name).Apply(a);
    }
}

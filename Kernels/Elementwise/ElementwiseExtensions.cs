using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Functions of elements, given as a formula.</summary>
public static class ElementwiseExtensions
{
    extension(Tensor x)
    {
        /// <summary>F(x), elementwise.</summary>
        /// <typeparam name="TFormula">The function and its derivative.</typeparam>
        /// <param name="formula">The function's parameters.</param>
        /// <returns>A tensor shaped like <paramref name="x"/>.</returns>
        /// <exception cref="ArgumentException">The formula has a field that a GPU cannot take.</exception>
        /// <exception cref="NotSupportedException">
        /// x is on a GPU, for which the formula cannot be compiled, because it throws, creates objects or recurses; the
        /// message names it.
        /// </exception>
        /// <remarks>The op saves x, or the result where <see cref="IUnaryFormula.UsesOutput"/>.</remarks>
        public Tensor Elementwise<TFormula>(TFormula formula) where TFormula : struct, IUnaryFormula
        {
            FormulaParameters<TFormula>.Check();
            return new ElementwiseOp<TFormula>(formula).Apply(x);
        }

        /// <summary>F(x, b), elementwise; shapes are broadcast as NumPy does.</summary>
        /// <typeparam name="TFormula">The function and its derivatives.</typeparam>
        /// <param name="b">A shape that broadcasts with <paramref name="x"/>'s.</param>
        /// <param name="formula">The function's parameters.</param>
        /// <returns>The common shape.</returns>
        /// <exception cref="ShapeException">Two aligned extents differ and neither is 1.</exception>
        /// <exception cref="ArgumentException">The formula has a field that a GPU cannot take.</exception>
        /// <exception cref="NotSupportedException">
        /// x is on a GPU, for which the formula cannot be compiled, because it throws, creates objects or recurses; the
        /// message names it.
        /// </exception>
        /// <remarks>The op saves both operands.</remarks>
        public Tensor Elementwise<TFormula>(Tensor b, TFormula formula) where TFormula : struct, IBinaryFormula
        {
            ArgumentNullException.ThrowIfNull(b);
            FormulaParameters<TFormula>.Check();
            return new BinaryOp<TFormula>(formula).Apply(x, b);
        }
    }
}

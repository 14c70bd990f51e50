using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Axes of extent 1 removed and added.</summary>
public static class SqueezeExtensions
{
    extension(Tensor x)
    {
        /// <summary>Without the axes of extent 1.</summary>
        /// <inheritdoc cref="Unsqueeze(Tensor, int)" path="/remarks"/>
        public Tensor Squeeze() =>
            ReshapeOp.Apply(x, [.. x.Shape.Where(extent => extent != 1)], "Squeeze");

        /// <summary>Without one axis if its extent is 1, as PyTorch's <c>squeeze</c>; else unchanged.</summary>
        /// <param name="axis">−1 is the last.</param>
        /// <exception cref="ShapeException">There is no such axis.</exception>
        /// <inheritdoc cref="Unsqueeze(Tensor, int)" path="/remarks"/>
        public Tensor Squeeze(int axis)
        {
            var removed = Axes.Resolve("Squeeze", x.Shape, axis);
            return ReshapeOp.Apply(x, [.. x.Shape.Where((extent, i) => i != removed || extent != 1)], "Squeeze");
        }

        /// <summary>With one more axis, of extent 1.</summary>
        /// <param name="axis">Its place in the result, from 0 to the rank; −1 is the last.</param>
        /// <returns>[3, 1, 4] for [3, 4] and axis 1.</returns>
        /// <exception cref="ShapeException">The result has no such axis.</exception>
        /// <remarks>A <c>Reshape</c>: nothing is copied, unless rank 4 (stored channels last) comes or goes.</remarks>
        public Tensor Unsqueeze(int axis)
        {
            var added = Axes.Resolve("Unsqueeze", x.Shape, x.Rank + 1, axis);
            var extents = x.Shape.AsSpan();
            return ReshapeOp.Apply(x, [.. extents[..added], 1, .. extents[added..]], "Unsqueeze");
        }
    }
}

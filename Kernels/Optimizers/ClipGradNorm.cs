using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Optimizers;

/// <summary>Clipping gradients by their norm.</summary>
public static partial class ClipGradNormExtensions
{
    private const int GrainSize = 1 << 14;      // floats that one thread takes at a time

    extension(IEnumerable<Parameter> parameters)
    {
        /// <summary>
        /// Scales all gradients by one factor so that the L2 norm of all of them, taken as one vector, is at most
        /// <paramref name="maxNorm"/>; a smaller norm is left as it is.
        /// </summary>
        /// <param name="maxNorm">The greatest L2 norm, positive.</param>
        /// <returns>The norm before. A NaN among the gradients makes the norm, and then every gradient, NaN.</returns>
        /// <exception cref="ArgumentOutOfRangeException">The greatest norm is not a positive number.</exception>
        /// <remarks>The sum is taken in double precision and in a fixed order. It waits for each GPU once.</remarks>
        /// <seealso href="https://proceedings.mlr.press/v28/pascanu13.html">Pascanu, Mikolov and Bengio, 2013,
        /// §3.2</seealso>
        public double ClipGradNorm(float maxNorm)
        {
            if (!(maxNorm > 0))
                throw new ArgumentOutOfRangeException(
                    nameof(maxNorm), FormattableString.Invariant($"{maxNorm}"), "The greatest norm must be positive.");

            Parameter[] trained = [.. parameters.Distinct().Where(p => p.Grad is not null)];
            Parameter[] onCpu = [.. trained.Where(p => p.IsOnCpu)], onGpus = [.. trained.Where(p => !p.IsOnCpu)];
            var squares = onCpu.Sum(p => SquaredNorm(p.Grad!));
            if (onGpus.Length > 0) squares += SquaredNormOnGpus(onGpus);
            var norm = Math.Sqrt(squares);
            var factor = (float)(maxNorm / (norm + 1e-6));      // PyTorch's guard against a norm of zero
            if (factor >= 1) return norm;

            if (onGpus.Length > 0) ScaleOnGpus(onGpus, factor);
            foreach (var parameter in onCpu)
            {
                using var scaled = new TemporaryTensor(Scale(parameter.Grad!, factor));
                parameter.Grad = scaled;
            }

            return norm;
        }
    }

    private static unsafe double SquaredNorm(Tensor x)
    {
        var sums = new double[(x.Shape.Size + GrainSize - 1) / GrainSize];
        var from = x.Pointer;
        x.Cpu.ForRanges(x.Shape.Size, GrainSize, (start, n) => sums[start / GrainSize] = SquaredNorm(from + start, n));
        return sums.Sum();
    }

    /// <remarks>Eight partial sums at every vector width, so that the norm does not depend on the processor.</remarks>
    private static unsafe double SquaredNorm(float* x, int n)
    {
        var (i, sums) = (0, default(F64x8));
        for (; i <= n - F64x8.Width; i += F64x8.Width)
        {
            var terms = F64x8.Widen(F32x8.Load(x + i));
            sums += terms * terms;
        }

        var sum = F64x8.Sum(sums);
        for (; i < n; i++) sum += (double)x[i] * x[i];
        return sum;
    }

    private static Tensor Scale(Tensor x, float factor)
    {
        var y = ScaleOutput(x);
        AffineOp.Run(x, factor, 0, y);
        return y;
    }

    /// <summary>Where x is scaled to: x itself where it has no other reference.</summary>
    private static Tensor ScaleOutput(Tensor x) => x.IsExclusive ? x : new Tensor(x.Shape, x.Device);
}

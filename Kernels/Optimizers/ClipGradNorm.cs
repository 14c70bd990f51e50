using System.Numerics;

namespace PyNetSharp.Optimizers;

/// <summary>Clipping gradients by their norm.</summary>
public static partial class ClipGradNormExtensions
{
    private const int GrainSize = 1 << 14;      // floats that one thread takes at a time

    extension(IEnumerable<Parameter> parameters)
    {
        /// <summary>
        /// Scales all gradients by one factor so that, taken as one vector, they are no longer than
        /// <paramref name="maxNorm"/>; shorter ones stay as they are.
        /// </summary>
        /// <param name="maxNorm">The greatest L2 norm, positive.</param>
        /// <returns>The norm before. A NaN among the gradients makes it NaN, and then every gradient.</returns>
        /// <exception cref="ArgumentOutOfRangeException">The greatest norm is not a positive number.</exception>
        /// <remarks>The sum is taken in double precision and in a fixed order. A GPU is waited for, once.</remarks>
        /// <seealso href="https://proceedings.mlr.press/v28/pascanu13.html">Pascanu, Mikolov and Bengio, 2013, §3.2</seealso>
        public double ClipGradNorm(float maxNorm)
        {
            if (!(maxNorm > 0)) throw new ArgumentOutOfRangeException(nameof(maxNorm), FormattableString.Invariant($"{maxNorm}"), "The greatest norm must be positive.");

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

    private static unsafe double SquaredNorm(float* x, int n)
    {
        var (i, low, high) = (0, Vector<double>.Zero, Vector<double>.Zero);
        for (; i <= n - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(Vector.Load(x + i), out var a, out var b);
            low += a * a;
            high += b * b;
        }

        var sum = Vector.Sum(low + high);
        for (; i < n; i++) sum += (double)x[i] * x[i];
        return sum;
    }

    private static Tensor Scale(Tensor x, float factor)
    {
        var y = ScaleOutput(x);
        AffineOp.Run(x, factor, 0, y);
        return y;
    }

    /// <summary>What x is scaled into: itself where nothing else reads it.</summary>
    private static Tensor ScaleOutput(Tensor x) => x.HasSingleReference ? x : new Tensor(x.Shape, x.Device);
}

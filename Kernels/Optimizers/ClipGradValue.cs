using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Optimizers;

/// <summary>Clipping gradients by their values.</summary>
public static class ClipGradValueExtensions
{
    private const int GrainSize = 1 << 14;      // floats that one thread takes at a time

    extension(IEnumerable<Parameter> parameters)
    {
        /// <summary>
        /// Limits every element of all gradients to the range from −<paramref name="maxValue"/> to
        /// <paramref name="maxValue"/>, as PyTorch's <c>clip_grad_value_</c>.
        /// </summary>
        /// <param name="maxValue">The greatest absolute value, positive.</param>
        /// <exception cref="ArgumentOutOfRangeException">The greatest value is not a positive number.</exception>
        /// <remarks>NaN stays NaN. One pass; on a GPU one launch for all gradients, without waiting.</remarks>
        public void ClipGradValue(float maxValue)
        {
            if (!(maxValue > 0))
                throw new ArgumentOutOfRangeException(
                    nameof(maxValue), FormattableString.Invariant($"{maxValue}"),
                    "The greatest value must be positive.");

            Parameter[] trained = [.. parameters.Distinct().Where(p => p.Grad is not null)];
            Parameter[] onGpus = [.. trained.Where(p => !p.IsOnCpu)];
            if (onGpus.Length > 0) ClipOnGpus(onGpus, new(maxValue));
            foreach (var parameter in trained)
                if (parameter.IsOnCpu)
                    Clip(parameter, new(maxValue));
        }
    }

    private static unsafe void Clip(Parameter parameter, ClipValueFormula formula)
    {
        Tensor x = parameter.Grad!, y = ClipOutput(x);
        float* from = x.Pointer, to = y.Pointer;
        parameter.Cpu.ForRanges(y.Shape.Size, GrainSize, (start, n) =>
            VectorDispatch.ForEach(n, new LoopBody(from + start, formula, to + start)));
        parameter.Grad = y;
    }

    /// <summary>Clips the gradients of the parameters, which are all on GPUs.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ClipOnGpus(Parameter[] parameters, ClipValueFormula formula)
    {
        foreach (var group in parameters.GroupBy(p => p.Gpu))
        {
            // All outputs before the first assignment, which ends a reference to a gradient that two parameters share.
            (Parameter Parameter, Tensor X, Tensor Y)[] clipped =
                [.. group.Select(p => (p, p.Grad!, ClipOutput(p.Grad!)))];
            group.Key.LaunchMultiTensor<ClipValueKernel>(
                [.. clipped.Select(c => (c.X.Shape.Size, new ClipValueKernel(c.X.View, formula, c.Y.View)))]);
            foreach (var (parameter, _, y) in clipped) parameter.Grad = y;
        }
    }

    /// <summary>Where x is clipped to: x itself where it has no other reference.</summary>
    private static Tensor ClipOutput(Tensor x) => x.IsExclusive ? x : new Tensor(x.Shape, x.Device);

    private readonly unsafe struct LoopBody(float* x, ClipValueFormula formula, float* y) : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V> => formula.Apply(V.Load(x + i)).Store(y + i);
    }
}

/// <summary>max(−MaxValue, min(x, MaxValue)); NaN of NaN.</summary>
internal readonly record struct ClipValueFormula(float MaxValue)
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, IReal<T> =>
        -T.Max(T.Create(-MaxValue), -T.Max(T.Create(-MaxValue), x));
}

internal readonly struct ClipValueKernel(ArrayView<float> x, ClipValueFormula formula, ArrayView<float> y) : IItemKernel
{
    public void Run(int i) => y[i] = formula.Apply(new GpuFloat(x[i])).V;
}

using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Optimizers;

/// <summary>Stochastic gradient descent, optionally with momentum; PyTorch's rule.</summary>
/// <remarks>
/// d = gradient + weightDecay·p; m = momentum·m + (1 − dampening)·d, where the first step takes m = d; then
/// p −= learningRate·m, or with Nesterov p −= learningRate·(d + momentum·m). One pass over each parameter.
/// </remarks>
/// <seealso href="https://proceedings.mlr.press/v28/sutskever13.html">Sutskever, Martens, Dahl and Hinton,
/// 2013</seealso>
public sealed class Sgd : Optimizer
{
    private const int GrainSize = 1 << 14;      // floats that one thread takes at a time

    private readonly float momentum, dampening, weightDecay;
    private readonly bool nesterov;
    private readonly Tensor[] momentumBuffers;
    private readonly Tensor steps;

    /// <summary>An optimizer of these parameters.</summary>
    /// <param name="parameters">The parameters to train, each once.</param>
    /// <param name="learningRate">At least 0.</param>
    /// <param name="momentum">The factor of the momentum buffer, in [0, 1).</param>
    /// <param name="dampening">The gradient enters the momentum buffer with factor 1 − dampening, in [0, 1].</param>
    /// <param name="weightDecay">The factor of the L2 penalty's gradient, at least 0.</param>
    /// <param name="nesterov">Whether to use Nesterov momentum; needs a momentum and no dampening.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    /// <exception cref="ArgumentException">Nesterov without momentum, or with dampening.</exception>
    public Sgd(
        IEnumerable<Parameter> parameters, float learningRate, float momentum = 0, float dampening = 0,
        float weightDecay = 0, bool nesterov = false)
        : base(parameters, learningRate)
    {
        if (momentum is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(
                nameof(momentum), FormattableString.Invariant($"{momentum}"),
                "The momentum must be from 0 up to, not including, 1.");
        if (dampening is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(
                nameof(dampening), FormattableString.Invariant($"{dampening}"),
                "The dampening must be from 0 to 1.");
        if (!float.IsFinite(weightDecay) || weightDecay < 0)
            throw new ArgumentOutOfRangeException(
                nameof(weightDecay), FormattableString.Invariant($"{weightDecay}"),
                "The weight decay must be a number from 0 up.");
        if (nesterov && (momentum == 0 || dampening != 0))
            throw new ArgumentException("Nesterov needs a momentum above 0 and no dampening.", nameof(nesterov));

        (this.momentum, this.dampening, this.weightDecay, this.nesterov) = (momentum, dampening, weightDecay, nesterov);
        momentumBuffers = momentum == 0 ? [] : [.. Parameters.Select(p => Tensor.Zeros(p.Shape, p.Device))];
        steps = Tensor.Zeros([Parameters.Count]);
    }

    /// <inheritdoc/>
    public override void Step()
    {
        BeginStep(momentumBuffers);
        foreach (var device in Parameters.Select(p => p.Device).OfType<GpuDevice>().Distinct()) StepOnGpu(device);
        for (var i = 0; i < Parameters.Count; i++)
        {
            if (Parameters[i].Grad is not { } gradient) continue;
            if (Parameters[i].IsOnCpu && momentum == 0) Update(Parameters[i], gradient, new(LearningRate, weightDecay));
            else if (Parameters[i].IsOnCpu) Update(Parameters[i], gradient, momentumBuffers[i], FormulaFor(i));
            steps.Span[i]++;
        }
    }

    /// <summary>
    /// <c>steps</c>, the number of steps of each parameter, and with momentum <c>0.momentum_buffer</c> and so on.
    /// </summary>
    public override IReadOnlyList<(string Name, Tensor Tensor)> State() =>
        [("steps", steps), .. momentumBuffers.Select((v, i) => ($"{i}.momentum_buffer", v))];

    /// <summary>Updates the parameters on a GPU, all in one launch, before their steps are counted.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void StepOnGpu(GpuDevice device)
    {
        int[] due =
        [
            .. Enumerable.Range(0, Parameters.Count)
                .Where(i => Parameters[i].Device == device && Parameters[i].Grad is not null),
        ];
        if (momentum == 0)
            device.LaunchMultiTensor<SgdKernel>([.. due.Select(i => (
                Parameters[i].Shape.Size,
                new SgdKernel(Parameters[i].View, Parameters[i].Grad!.View, new(LearningRate, weightDecay))))]);
        else
            device.LaunchMultiTensor<SgdMomentumKernel>([.. due.Select(i => (
                Parameters[i].Shape.Size,
                new SgdMomentumKernel(
                    Parameters[i].View, Parameters[i].Grad!.View, momentumBuffers[i].View, FormulaFor(i))))]);
    }

    private SgdMomentumFormula FormulaFor(int parameter)
    {
        var isFirst = steps.Span[parameter] == 0;
        return new(
            LearningRate, weightDecay, Momentum: isFirst ? 0 : momentum, GradientFactor: isFirst ? 1 : 1 - dampening,
            NesterovGradientFactor: nesterov ? 1 : 0, BufferFactor: nesterov ? momentum : 1);
    }

    private static unsafe void Update(Parameter parameter, Tensor gradient, SgdFormula formula)
    {
        float* p = parameter.Pointer, g = gradient.Pointer;
        parameter.Cpu.ForRanges(parameter.Shape.Size, GrainSize, (start, n) =>
            VectorDispatch.ForEach(n, new LoopBody(p + start, g + start, formula)));
    }

    private static unsafe void Update(
        Parameter parameter, Tensor gradient, Tensor momentumBuffer, SgdMomentumFormula formula)
    {
        float* p = parameter.Pointer, g = gradient.Pointer, m = momentumBuffer.Pointer;
        parameter.Cpu.ForRanges(parameter.Shape.Size, GrainSize, (start, n) =>
            VectorDispatch.ForEach(n, new MomentumLoopBody(p + start, g + start, m + start, formula)));
    }

    private readonly unsafe struct LoopBody(float* p, float* g, SgdFormula formula) : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V> =>
            formula.Apply(V.Load(p + i), V.Load(g + i)).Store(p + i);
    }

    private readonly unsafe struct MomentumLoopBody(float* p, float* g, float* m, SgdMomentumFormula formula)
        : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V>
        {
            V weight = V.Load(p + i), buffer = V.Load(m + i);
            formula.Apply(ref weight, V.Load(g + i), ref buffer);
            buffer.Store(m + i);
            weight.Store(p + i);
        }
    }
}

/// <summary>p −= LearningRate·(g + WeightDecay·p). Products and sums are rounded apart on the CPU.</summary>
internal readonly record struct SgdFormula(float LearningRate, float WeightDecay)
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T p, T g) where T : struct, IReal<T> =>
        p - T.Create(LearningRate) * (g + T.Create(WeightDecay) * p);
}

/// <summary>
/// d = g + WeightDecay·p; m = Momentum·m + GradientFactor·d;
/// p −= LearningRate·(NesterovGradientFactor·d + BufferFactor·m). Products and sums are rounded apart on the CPU.
/// </summary>
internal readonly record struct SgdMomentumFormula(
    float LearningRate, float WeightDecay, float Momentum, float GradientFactor, float NesterovGradientFactor,
    float BufferFactor)
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T p, T g, ref T m) where T : struct, IReal<T>
    {
        var d = g + T.Create(WeightDecay) * p;
        m = T.Create(Momentum) * m + T.Create(GradientFactor) * d;
        p -= T.Create(LearningRate) * (T.Create(NesterovGradientFactor) * d + T.Create(BufferFactor) * m);
    }
}

internal readonly struct SgdKernel(ArrayView<float> p, ArrayView<float> g, SgdFormula formula) : IItemKernel
{
    public void Run(int i) => p[i] = formula.Apply(new GpuFloat(p[i]), new(g[i])).V;
}

internal readonly struct SgdMomentumKernel(
    ArrayView<float> p, ArrayView<float> g, ArrayView<float> m, SgdMomentumFormula formula) : IItemKernel
{
    public void Run(int i)
    {
        GpuFloat weight = new(p[i]), buffer = new(m[i]);
        formula.Apply(ref weight, new(g[i]), ref buffer);
        m[i] = buffer.V;
        p[i] = weight.V;
    }
}

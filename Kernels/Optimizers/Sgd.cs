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

    private readonly Options[] options;         // of each group
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
    [OverloadResolutionPriority(1)]
    public Sgd(
        IEnumerable<Parameter> parameters, float learningRate, float momentum = 0, float dampening = 0,
        float weightDecay = 0, bool nesterov = false)
        : base(parameters, learningRate) =>
        (options, momentumBuffers, steps) = Create(new(momentum, dampening, weightDecay, nesterov));

    /// <summary>An optimizer of groups of parameters with options of their own.</summary>
    /// <param name="groups">At least one; no parameter is in two of them.</param>
    /// <param name="learningRate">That of groups without one of their own, at least 0.</param>
    /// <param name="momentum">The factor of the momentum buffer, in [0, 1).</param>
    /// <param name="dampening">The gradient enters the momentum buffer with factor 1 − dampening, in [0, 1].</param>
    /// <param name="weightDecay">The factor of the L2 penalty's gradient, at least 0.</param>
    /// <param name="nesterov">Whether to use Nesterov momentum; needs a momentum and no dampening.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number, of a group too, is outside its range.</exception>
    /// <exception cref="ArgumentException">
    /// Nesterov without momentum, or with dampening; or the groups are not disjoint, or set an option that SGD has not.
    /// </exception>
    public Sgd(
        IEnumerable<ParameterGroup> groups, float learningRate, float momentum = 0, float dampening = 0,
        float weightDecay = 0, bool nesterov = false)
        : base(groups, learningRate) =>
        (options, momentumBuffers, steps) = Create(new(momentum, dampening, weightDecay, nesterov));

    /// <inheritdoc/>
    public override void Step()
    {
        var hasMomentum = momentumBuffers.Length > 0;
        BeginStep(momentumBuffers);
        foreach (var device in Parameters.Select(p => p.Device).OfType<GpuDevice>().Distinct()) StepOnGpu(device);
        for (var i = 0; i < Parameters.Count; i++)
        {
            if (Parameters[i].Grad is not { } gradient) continue;
            if (Parameters[i].IsOnCpu && !hasMomentum) Update(Parameters[i], gradient, FormulaFor(i));
            else if (Parameters[i].IsOnCpu) Update(Parameters[i], gradient, momentumBuffers[i], MomentumFormulaFor(i));
            steps.Span[i]++;
        }
    }

    /// <summary>
    /// <c>steps</c>, the number of steps of each parameter, and with momentum <c>0.momentum_buffer</c> and so on.
    /// </summary>
    public override IReadOnlyList<(string Name, Tensor Tensor)> State() =>
        [("steps", steps), .. momentumBuffers.Select((v, i) => ($"{i}.momentum_buffer", v))];

    /// <inheritdoc/>
    protected override IEnumerable<(string Name, object Value)> Describe(ParameterGroup group)
    {
        var (momentum, dampening, weightDecay, nesterov) = OptionsOf(group, options);
        return
        [
            ("momentum", momentum), ("dampening", dampening), ("weight_decay", weightDecay), ("nesterov", nesterov),
        ];
    }

    /// <summary>Updates the parameters on a GPU, all in one launch, before their steps are counted.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void StepOnGpu(GpuDevice device)
    {
        int[] due =
        [
            .. Enumerable.Range(0, Parameters.Count)
                .Where(i => Parameters[i].Device == device && Parameters[i].Grad is not null),
        ];
        if (momentumBuffers.Length == 0)
            device.LaunchMultiTensor<SgdKernel>([.. due.Select(i => (
                Parameters[i].Shape.Size,
                new SgdKernel(Parameters[i].View, Parameters[i].Grad!.View, FormulaFor(i))))]);
        else
            device.LaunchMultiTensor<SgdMomentumKernel>([.. due.Select(i => (
                Parameters[i].Shape.Size,
                new SgdMomentumKernel(
                    Parameters[i].View, Parameters[i].Grad!.View, momentumBuffers[i].View, MomentumFormulaFor(i))))]);
    }

    private SgdFormula FormulaFor(int parameter) =>
        new(ParameterLearningRate(parameter), options[GroupIndexOf(parameter)].WeightDecay);

    private SgdMomentumFormula MomentumFormulaFor(int parameter)
    {
        var (momentum, dampening, weightDecay, nesterov) = options[GroupIndexOf(parameter)];
        var isFirst = steps.Span[parameter] == 0 || momentum == 0;      // a group may be without momentum
        return new(
            ParameterLearningRate(parameter), weightDecay, Momentum: isFirst ? 0 : momentum,
            GradientFactor: isFirst ? 1 : 1 - dampening,
            NesterovGradientFactor: nesterov ? 1 : 0, BufferFactor: nesterov ? momentum : 1);
    }

    /// <summary>Each group's options, and the state; buffers for all parameters if any group has a momentum.</summary>
    private (Options[] Options, Tensor[] MomentumBuffers, Tensor Steps) Create(Options own)
    {
        own.Check();
        var each = ResolveOptions(
            [nameof(ParameterGroup.Momentum), nameof(ParameterGroup.Dampening), nameof(ParameterGroup.Nesterov)],
            group => new Options(
                group.Momentum ?? own.Momentum, group.Dampening ?? own.Dampening,
                group.WeightDecay ?? own.WeightDecay, group.Nesterov ?? own.Nesterov).Check());
        return (
            each,
            each.All(group => group.Momentum == 0) ? [] : [.. Parameters.Select(p => Tensor.Zeros(p.Shape, p.Device))],
            Tensor.Zeros([Parameters.Count]));
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

    private sealed record Options(float Momentum, float Dampening, float WeightDecay, bool Nesterov)
    {
        public Options Check()
        {
            OptimizerOption.CheckDecay(Momentum, "momentum", "The momentum");
            if (Dampening is not (>= 0 and <= 1))
                throw OptimizerOption.OutOfRange(Dampening, "dampening", "The dampening must be from 0 to 1.");
            OptimizerOption.CheckWeightDecay(WeightDecay);
            return Nesterov && (Momentum == 0 || Dampening != 0)
                ? throw new ArgumentException("Nesterov needs a momentum above 0 and no dampening.", "nesterov")
                : this;
        }
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

using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp.Optimizers;

/// <summary>Stochastic gradient descent, with momentum if wanted; PyTorch's rule.</summary>
/// <remarks>
/// d = gradient + weightDecay·p; m = momentum·m + (1 − dampening)·d, where the first step takes m = d; then
/// p −= learningRate·m, or with Nesterov p −= learningRate·(d + momentum·m). One pass over each parameter.
/// </remarks>
/// <seealso href="https://proceedings.mlr.press/v28/sutskever13.html">Sutskever, Martens, Dahl and Hinton, 2013</seealso>
public sealed class Sgd : Optimizer
{
    private const int GrainSize = 1 << 14;      // floats that one thread takes at a time

    private readonly float momentum, dampening, weightDecay;
    private readonly bool nesterov;
    private readonly Tensor[] momentumBuffers;
    private readonly Tensor steps;

    /// <summary>An optimizer of these parameters.</summary>
    /// <param name="parameters">What to train; each once, already on its device.</param>
    /// <param name="learningRate">The step size, from 0 up.</param>
    /// <param name="momentum">How much of the last step goes into the next, from 0 up to, not including, 1.</param>
    /// <param name="dampening">How much of the gradient stays out of the momentum, from 0 to 1.</param>
    /// <param name="weightDecay">The factor of the L2 penalty's gradient, from 0 up.</param>
    /// <param name="nesterov">Whether the gradient counts once more, as if taken a step ahead; needs momentum without dampening.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    /// <exception cref="ArgumentException">Nesterov without momentum, or with dampening.</exception>
    public Sgd(
        IEnumerable<Parameter> parameters, float learningRate, float momentum = 0, float dampening = 0, float weightDecay = 0,
        bool nesterov = false)
        : base(parameters, learningRate)
    {
        if (momentum is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(momentum), FormattableString.Invariant($"{momentum}"), "The momentum must be from 0 up to, not including, 1.");
        if (dampening is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(dampening), FormattableString.Invariant($"{dampening}"), "The dampening must be from 0 to 1.");
        if (!float.IsFinite(weightDecay) || weightDecay < 0)
            throw new ArgumentOutOfRangeException(nameof(weightDecay), FormattableString.Invariant($"{weightDecay}"), "The weight decay must be a number from 0 up.");
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
            if (Parameters[i].IsOnCpu) Update(Parameters[i], gradient, momentum == 0 ? null : momentumBuffers[i], CoefficientsFor(i));
            steps.Span[i]++;
        }
    }

    /// <summary><c>steps</c>, how many each parameter has taken, and with momentum <c>0.momentum_buffer</c> and so on.</summary>
    public override IReadOnlyList<(string Name, Tensor Tensor)> State() =>
        [("steps", steps), .. momentumBuffers.Select((v, i) => ($"{i}.momentum_buffer", v))];

    /// <summary>
    /// Changes the parameters that are on this device, before their steps are counted; all in one launch.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void StepOnGpu(GpuDevice device)
    {
        int[] due =
        [
            .. Enumerable.Range(0, Parameters.Count)
                .Where(i => Parameters[i].Device == device && Parameters[i].Grad is not null),
        ];
        if (momentum == 0)
            device.LaunchMultiTensor<SgdKernel>([.. due.Select(i => (Parameters[i].Shape.Size, new SgdKernel(
                Parameters[i].View, Parameters[i].Grad!.View, LearningRate, weightDecay)))]);
        else
            device.LaunchMultiTensor<SgdMomentumKernel>([.. due.Select(i => (Parameters[i].Shape.Size, new SgdMomentumKernel(
                Parameters[i].View, Parameters[i].Grad!.View, momentumBuffers[i].View, CoefficientsFor(i))))]);
    }

    private SgdCoefficients CoefficientsFor(int parameter)
    {
        var isFirst = steps.Span[parameter] == 0;
        return new(
            LearningRate, weightDecay, Momentum: isFirst ? 0 : momentum, GradientFactor: isFirst ? 1 : 1 - dampening,
            NesterovGradientFactor: nesterov ? 1 : 0, BufferFactor: nesterov ? momentum : 1);
    }

    private static unsafe void Update(Parameter parameter, Tensor gradient, Tensor? velocity, SgdCoefficients rule)
    {
        float* p = parameter.Pointer, g = gradient.Pointer, m = velocity is null ? null : velocity.Pointer;
        parameter.Cpu.ForRanges(parameter.Shape.Size, GrainSize, (start, n) =>
        {
            if (m == null) Update(p + start, g + start, n, rule);
            else Update(p + start, g + start, m + start, n, rule);
        });
    }

    private static unsafe void Update(float* p, float* g, int n, SgdCoefficients rule)
    {
        var i = 0;
        for (; i <= n - Vector<float>.Count; i += Vector<float>.Count)
        {
            var weight = Vector.Load(p + i);
            (weight - rule.LearningRate * (Vector.Load(g + i) + rule.WeightDecay * weight)).Store(p + i);
        }

        for (; i < n; i++) p[i] -= rule.LearningRate * (g[i] + rule.WeightDecay * p[i]);
    }

    private static unsafe void Update(float* p, float* g, float* m, int n, SgdCoefficients rule)
    {
        var i = 0;
        for (; i <= n - Vector<float>.Count; i += Vector<float>.Count)
        {
            var weight = Vector.Load(p + i);
            var d = Vector.Load(g + i) + rule.WeightDecay * weight;
            var velocity = rule.Momentum * Vector.Load(m + i) + rule.GradientFactor * d;
            velocity.Store(m + i);
            (weight - rule.LearningRate * (rule.NesterovGradientFactor * d + rule.BufferFactor * velocity)).Store(p + i);
        }

        for (; i < n; i++)
        {
            var d = g[i] + rule.WeightDecay * p[i];
            m[i] = rule.Momentum * m[i] + rule.GradientFactor * d;
            p[i] -= rule.LearningRate * (rule.NesterovGradientFactor * d + rule.BufferFactor * m[i]);
        }
    }

    /// <summary>d = g + Decay·p; m = Keep·m + Take·d; p −= Rate·(Direct·d + Ahead·m).</summary>
    internal readonly record struct SgdCoefficients(float LearningRate, float WeightDecay, float Momentum, float GradientFactor, float NesterovGradientFactor, float BufferFactor);
}

internal readonly struct SgdKernel(ArrayView<float> p, ArrayView<float> g, float learningRate, float weightDecay) : IItemKernel
{
    public void Run(int i) => p[i] -= learningRate * (g[i] + weightDecay * p[i]);
}

internal readonly struct SgdMomentumKernel(
    ArrayView<float> p, ArrayView<float> g, ArrayView<float> m, Sgd.SgdCoefficients coefficients) : IItemKernel
{
    public void Run(int i)
    {
        var d = g[i] + coefficients.WeightDecay * p[i];
        var velocity = coefficients.Momentum * m[i] + coefficients.GradientFactor * d;
        m[i] = velocity;
        p[i] -= coefficients.LearningRate * (coefficients.NesterovGradientFactor * d + coefficients.BufferFactor * velocity);
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp;

/// <summary>Adam: steps scaled by running averages of the gradient and of its square; PyTorch's rule.</summary>
/// <remarks>
/// d = gradient + weightDecay·p; m = β₁·m + (1 − β₁)·d; v = β₂·v + (1 − β₂)·d²; then, with t steps taken,
/// p −= learningRate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + eps). One pass over each parameter.
/// </remarks>
/// <seealso href="https://arxiv.org/abs/1412.6980">Kingma and Ba, 2015, algorithm 1</seealso>
public sealed class Adam : Optimizer
{
    private const int Piece = 1 << 14;      // floats that one thread takes at a time

    private readonly double beta1, beta2, eps;
    private readonly float weightDecay;
    private readonly Tensor[] means, squares;
    private readonly Tensor steps;

    /// <summary>An optimizer of these parameters.</summary>
    /// <param name="parameters">What to train; each once, already on its device.</param>
    /// <param name="learningRate">The step size, from 0 up.</param>
    /// <param name="beta1">How slowly the average of the gradient moves, from 0 up to, not including, 1.</param>
    /// <param name="beta2">How slowly the average of its square moves, from 0 up to, not including, 1.</param>
    /// <param name="eps">Added to the divisor, from 0 up.</param>
    /// <param name="weightDecay">The factor of the L2 penalty's gradient, from 0 up.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public Adam(
        IEnumerable<Parameter> parameters, float learningRate = 1e-3f, double beta1 = 0.9, double beta2 = 0.999,
        double eps = 1e-8, float weightDecay = 0)
        : base(parameters, learningRate)
    {
        if (beta1 is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(beta1), FormattableString.Invariant($"{beta1}"), "The first beta must be from 0 up to, not including, 1.");
        if (beta2 is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(beta2), FormattableString.Invariant($"{beta2}"), "The second beta must be from 0 up to, not including, 1.");
        if (!double.IsFinite(eps) || eps < 0)
            throw new ArgumentOutOfRangeException(nameof(eps), FormattableString.Invariant($"{eps}"), "Eps must be a number from 0 up.");
        if (!float.IsFinite(weightDecay) || weightDecay < 0)
            throw new ArgumentOutOfRangeException(nameof(weightDecay), FormattableString.Invariant($"{weightDecay}"), "The weight decay must be a number from 0 up.");

        (this.beta1, this.beta2, this.eps, this.weightDecay) = (beta1, beta2, eps, weightDecay);
        means = [.. Parameters.Select(p => Tensor.Zeros(p.Shape, p.Device))];
        squares = [.. Parameters.Select(p => Tensor.Zeros(p.Shape, p.Device))];
        steps = Tensor.Zeros([Parameters.Count]);
    }

    /// <inheritdoc/>
    public override void Step()
    {
        BeginStep(means, squares);
        for (var i = 0; i < Parameters.Count; i++)
        {
            if (Parameters[i].Grad is not { } gradient) continue;
            steps.Span[i]++;
            if (Parameters[i].IsOnCpu) Descend(Parameters[i], gradient, means[i], squares[i], RuleFor(i));
        }

        foreach (var device in Parameters.Select(p => p.Device).OfType<GpuDevice>().Distinct()) StepOnGpu(device);
    }

    /// <summary><c>steps</c>, how many each parameter has taken, and <c>0.exp_avg</c>, <c>0.exp_avg_sq</c> and so on.</summary>
    public override IReadOnlyList<(string Name, Tensor Tensor)> State() =>
    [
        ("steps", steps),
        .. means.Select((m, i) => ($"{i}.exp_avg", m)),
        .. squares.Select((v, i) => ($"{i}.exp_avg_sq", v)),
    ];

    /// <summary>
    /// Changes the parameters that are on this device, after their steps are counted; all in one launch.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void StepOnGpu(GpuDevice device) => device.Together<AdamKernel>(
    [
        .. Enumerable.Range(0, Parameters.Count)
            .Where(i => Parameters[i].Device == device && Parameters[i].Grad is not null)
            .Select(i => (Parameters[i].Shape.Size, new AdamKernel(
                Parameters[i].View, Parameters[i].Grad!.View, means[i].View, squares[i].View, RuleFor(i)))),
    ]);

    private Rule RuleFor(int parameter) => new(
        weightDecay, (float)beta1, (float)(1 - beta1), (float)beta2, (float)(1 - beta2),
        Rate: (float)(LearningRate / (1 - Math.Pow(beta1, steps.Span[parameter]))),
        Root: (float)Math.Sqrt(1 - Math.Pow(beta2, steps.Span[parameter])), (float)eps);

    private static unsafe void Descend(Parameter parameter, Tensor gradient, Tensor mean, Tensor square, Rule rule)
    {
        float* p = parameter.Pointer, g = gradient.Pointer, m = mean.Pointer, v = square.Pointer;
        parameter.Processor.ForPieces(parameter.Shape.Size, Piece, (start, n) =>
            Descend(p + start, g + start, m + start, v + start, n, rule));
    }

    private static unsafe void Descend(float* p, float* g, float* m, float* v, int n, Rule rule)
    {
        var (i, root, eps) = (0, new Vector<float>(rule.Root), new Vector<float>(rule.Eps));
        for (; i <= n - Vector<float>.Count; i += Vector<float>.Count)
        {
            var weight = Vector.Load(p + i);
            var d = Vector.Load(g + i) + rule.Decay * weight;
            var mean = rule.Keep1 * Vector.Load(m + i) + rule.Take1 * d;
            var square = rule.Keep2 * Vector.Load(v + i) + rule.Take2 * d * d;
            mean.Store(m + i);
            square.Store(v + i);
            (weight - rule.Rate * mean / (Vector.SquareRoot(square) / root + eps)).Store(p + i);
        }

        for (; i < n; i++)
        {
            var d = g[i] + rule.Decay * p[i];
            m[i] = rule.Keep1 * m[i] + rule.Take1 * d;
            v[i] = rule.Keep2 * v[i] + rule.Take2 * d * d;
            p[i] -= rule.Rate * m[i] / (MathF.Sqrt(v[i]) / rule.Root + rule.Eps);
        }
    }

    /// <summary>m = Keep1·m + Take1·d; v = Keep2·v + Take2·d²; p −= Rate·m / (√v / Root + Eps).</summary>
    internal readonly record struct Rule(
        float Decay, float Keep1, float Take1, float Keep2, float Take2, float Rate, float Root, float Eps);
}

internal readonly struct AdamKernel(
    ArrayView<float> p, ArrayView<float> g, ArrayView<float> m, ArrayView<float> v, Adam.Rule rule) : IItemKernel
{
    public void Run(int i)
    {
        var d = g[i] + rule.Decay * p[i];
        var mean = rule.Keep1 * m[i] + rule.Take1 * d;
        var square = rule.Keep2 * v[i] + rule.Take2 * d * d;
        m[i] = mean;
        v[i] = square;
        p[i] -= rule.Rate * mean / (MathF.Sqrt(square) / rule.Root + rule.Eps);
    }
}

using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Optimizers;

/// <summary>Adam: steps scaled by running averages of the gradient and of its square; PyTorch's rule.</summary>
/// <remarks>
/// d = gradient + weightDecay·p; m = β₁·m + (1 − β₁)·d; v = β₂·v + (1 − β₂)·d²; then, after t steps,
/// p −= learningRate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + eps). One pass over each parameter.
/// </remarks>
/// <seealso href="https://arxiv.org/abs/1412.6980">Kingma and Ba, 2015, algorithm 1</seealso>
public class Adam : Optimizer
{
    private const int GrainSize = 1 << 14;      // floats that one thread takes at a time

    private readonly bool isDecoupled;          // whether the weight decay is
    private readonly Options[] options;         // of each group
    private readonly Tensor[] expAvgs, expAvgSqs;
    private readonly Tensor steps;

    /// <summary>An optimizer of these parameters.</summary>
    /// <param name="parameters">The parameters to train, each once.</param>
    /// <param name="learningRate">At least 0.</param>
    /// <param name="beta1">The decay of the running average of the gradient, in [0, 1).</param>
    /// <param name="beta2">The decay of the running average of its square, in [0, 1).</param>
    /// <param name="eps">Added to the divisor, at least 0.</param>
    /// <param name="weightDecay">The factor of the L2 penalty's gradient, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    [OverloadResolutionPriority(1)]
    public Adam(
        IEnumerable<Parameter> parameters, float learningRate = 1e-3f, double beta1 = 0.9, double beta2 = 0.999,
        double eps = 1e-8, float weightDecay = 0)
        : this(parameters, learningRate, beta1, beta2, eps, weightDecay, isDecoupled: false)
    {
    }

    /// <summary>An optimizer of groups of parameters with options of their own.</summary>
    /// <param name="groups">At least one; no parameter is in two of them.</param>
    /// <param name="learningRate">That of groups without one of their own, at least 0.</param>
    /// <param name="beta1">The decay of the running average of the gradient, in [0, 1).</param>
    /// <param name="beta2">The decay of the running average of its square, in [0, 1).</param>
    /// <param name="eps">Added to the divisor, at least 0.</param>
    /// <param name="weightDecay">The factor of the L2 penalty's gradient, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number, of a group too, is outside its range.</exception>
    /// <exception cref="ArgumentException">
    /// The groups are not disjoint, or set an option that Adam has not.
    /// </exception>
    public Adam(
        IEnumerable<ParameterGroup> groups, float learningRate = 1e-3f, double beta1 = 0.9, double beta2 = 0.999,
        double eps = 1e-8, float weightDecay = 0)
        : this(groups, learningRate, beta1, beta2, eps, weightDecay, isDecoupled: false)
    {
    }

    private protected Adam(
        IEnumerable<Parameter> parameters, float learningRate, double beta1, double beta2, double eps,
        float weightDecay, bool isDecoupled)
        : base(parameters, learningRate) =>
        (this.isDecoupled, (options, expAvgs, expAvgSqs, steps)) =
            (isDecoupled, Create(new(beta1, beta2, eps, weightDecay)));

    private protected Adam(
        IEnumerable<ParameterGroup> groups, float learningRate, double beta1, double beta2, double eps,
        float weightDecay, bool isDecoupled)
        : base(groups, learningRate) =>
        (this.isDecoupled, (options, expAvgs, expAvgSqs, steps)) =
            (isDecoupled, Create(new(beta1, beta2, eps, weightDecay)));

    /// <inheritdoc/>
    public override void Step()
    {
        BeginStep(expAvgs, expAvgSqs);
        for (var i = 0; i < Parameters.Count; i++)
        {
            if (Parameters[i].Grad is not { } gradient) continue;
            steps.Span[i]++;
            if (Parameters[i].IsOnCpu) Update(Parameters[i], gradient, expAvgs[i], expAvgSqs[i], FormulaFor(i));
        }

        foreach (var device in Parameters.Select(p => p.Device).OfType<GpuDevice>().Distinct()) StepOnGpu(device);
    }

    /// <summary>
    /// <c>steps</c>, the number of steps of each parameter, and <c>0.exp_avg</c>, <c>0.exp_avg_sq</c> and so on.
    /// </summary>
    public override IReadOnlyList<(string Name, Tensor Tensor)> State() =>
    [
        ("steps", steps),
        .. expAvgs.Select((m, i) => ($"{i}.exp_avg", m)),
        .. expAvgSqs.Select((v, i) => ($"{i}.exp_avg_sq", v)),
    ];

    /// <inheritdoc/>
    protected override IEnumerable<(string Name, object Value)> Describe(ParameterGroup group)
    {
        var (beta1, beta2, eps, weightDecay) = OptionsOf(group, options);
        return
        [
            ("betas", FormattableString.Invariant($"({beta1}, {beta2})")), ("eps", eps), ("weight_decay", weightDecay),
        ];
    }

    /// <summary>Updates the parameters on a GPU, all in one launch, after their steps are counted.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void StepOnGpu(GpuDevice device) => device.LaunchMultiTensor<AdamKernel>(
    [
        .. Enumerable.Range(0, Parameters.Count)
            .Where(i => Parameters[i].Device == device && Parameters[i].Grad is not null)
            .Select(i => (Parameters[i].Shape.Size, new AdamKernel(
                Parameters[i].View, Parameters[i].Grad!.View, expAvgs[i].View, expAvgSqs[i].View, FormulaFor(i)))),
    ]);

    private AdamFormula FormulaFor(int parameter)
    {
        var (beta1, beta2, eps, weightDecay) = options[GroupIndexOf(parameter)];
        var learningRate = ParameterLearningRate(parameter);
        return new(
            Shrinkage: isDecoupled ? (float)(1 - (double)learningRate * weightDecay) : 1,
            WeightDecay: isDecoupled ? 0 : weightDecay,
            (float)beta1, (float)(1 - beta1), (float)beta2, (float)(1 - beta2),
            StepSize: (float)(learningRate / (1 - Math.Pow(beta1, steps.Span[parameter]))),
            BiasCorrection2Sqrt: (float)Math.Sqrt(1 - Math.Pow(beta2, steps.Span[parameter])), (float)eps);
    }

    private (Options[] Options, Tensor[] ExpAvgs, Tensor[] ExpAvgSqs, Tensor Steps) Create(Options own)
    {
        own.Check();
        return (
            ResolveOptions(
                [nameof(ParameterGroup.Beta1), nameof(ParameterGroup.Beta2), nameof(ParameterGroup.Eps)],
                group => new Options(
                    group.Beta1 ?? own.Beta1, group.Beta2 ?? own.Beta2, group.Eps ?? own.Eps,
                    group.WeightDecay ?? own.WeightDecay).Check()),
            [.. Parameters.Select(p => Tensor.Zeros(p.Shape, p.Device))],
            [.. Parameters.Select(p => Tensor.Zeros(p.Shape, p.Device))],
            Tensor.Zeros([Parameters.Count]));
    }

    private static unsafe void Update(
        Parameter parameter, Tensor gradient, Tensor expAvg, Tensor expAvgSq, AdamFormula formula)
    {
        float* p = parameter.Pointer, g = gradient.Pointer, m = expAvg.Pointer, v = expAvgSq.Pointer;
        parameter.Cpu.ForRanges(parameter.Shape.Size, GrainSize, (start, n) =>
            VectorDispatch.ForEach(n, new LoopBody(p + start, g + start, m + start, v + start, formula)));
    }

    private sealed record Options(double Beta1, double Beta2, double Eps, float WeightDecay)
    {
        public Options Check()
        {
            OptimizerOption.CheckDecay(Beta1, "beta1", "The first beta");
            OptimizerOption.CheckDecay(Beta2, "beta2", "The second beta");
            OptimizerOption.CheckEps(Eps);
            OptimizerOption.CheckWeightDecay(WeightDecay);
            return this;
        }
    }

    private readonly unsafe struct LoopBody(float* p, float* g, float* m, float* v, AdamFormula formula)
        : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V>
        {
            V weight = V.Load(p + i), mean = V.Load(m + i), square = V.Load(v + i);
            formula.Apply(ref weight, V.Load(g + i), ref mean, ref square);
            mean.Store(m + i);
            square.Store(v + i);
            weight.Store(p + i);
        }
    }
}

/// <summary>
/// d = g + WeightDecay·p; m = Beta1·m + OneMinusBeta1·d; v = Beta2·v + OneMinusBeta2·d²;
/// p = Shrinkage·p − StepSize·m / (√v / BiasCorrection2Sqrt + Eps). Products and sums are rounded apart on the CPU.
/// </summary>
/// <param name="Shrinkage">Of decoupled weight decay; 1 for none, which changes no bit of p.</param>
internal readonly record struct AdamFormula(
    float Shrinkage, float WeightDecay, float Beta1, float OneMinusBeta1, float Beta2, float OneMinusBeta2,
    float StepSize, float BiasCorrection2Sqrt, float Eps)
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T p, T g, ref T m, ref T v) where T : struct, IReal<T>
    {
        var d = g + T.Create(WeightDecay) * p;
        m = T.Create(Beta1) * m + T.Create(OneMinusBeta1) * d;
        v = T.Create(Beta2) * v + T.Create(OneMinusBeta2) * d * d;
        var divisor = T.Sqrt(v) / T.Create(BiasCorrection2Sqrt) + T.Create(Eps);
        p = T.Create(Shrinkage) * p - T.Create(StepSize) * m / divisor;
    }
}

internal readonly struct AdamKernel(
    ArrayView<float> p, ArrayView<float> g, ArrayView<float> m, ArrayView<float> v, AdamFormula formula) : IItemKernel
{
    public void Run(int i)
    {
        GpuFloat weight = new(p[i]), mean = new(m[i]), square = new(v[i]);
        formula.Apply(ref weight, new(g[i]), ref mean, ref square);
        m[i] = mean.V;
        v[i] = square.V;
        p[i] = weight.V;
    }
}

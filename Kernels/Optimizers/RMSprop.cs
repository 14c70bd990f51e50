using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Optimizers;

/// <summary>RMSprop: steps divided by a running root mean square of the gradient; PyTorch's rule.</summary>
/// <remarks>
/// d = gradient + weightDecay·p; s = alpha·s + (1 − alpha)·d²; u = d / (√s + eps); then p −= learningRate·u, or with
/// momentum b = momentum·b + u and p −= learningRate·b. Centered: a = alpha·a + (1 − alpha)·d, and √(s − a²) in place
/// of √s; a difference that rounding makes negative counts as 0, where PyTorch's step is NaN. One pass over each
/// parameter.
/// </remarks>
/// <seealso href="https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf">Hinton, 2012, lecture
/// 6e</seealso>
/// <seealso href="https://arxiv.org/abs/1308.0850">Graves, 2013, eq. 38 to 45, the centered version</seealso>
public sealed class RMSprop : Optimizer
{
    private const int GrainSize = 1 << 14;      // floats that one thread takes at a time

    private readonly Options[] options;         // of each group
    private readonly Tensor[] squareAvgs, gradAvgs, momentumBuffers;
    private readonly Tensor steps;

    /// <summary>An optimizer of these parameters.</summary>
    /// <param name="parameters">The parameters to train, each once.</param>
    /// <param name="learningRate">At least 0.</param>
    /// <param name="alpha">The smoothing constant: the decay of the running averages, in [0, 1).</param>
    /// <param name="eps">Added to the divisor, at least 0.</param>
    /// <param name="weightDecay">The factor of the L2 penalty's gradient, at least 0.</param>
    /// <param name="momentum">The factor of the momentum buffer, in [0, 1).</param>
    /// <param name="centered">Whether to divide by the standard deviation of the gradient.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    [OverloadResolutionPriority(1)]
    public RMSprop(
        IEnumerable<Parameter> parameters, float learningRate = 1e-2f, double alpha = 0.99, double eps = 1e-8,
        float weightDecay = 0, float momentum = 0, bool centered = false)
        : base(parameters, learningRate) =>
        (options, squareAvgs, gradAvgs, momentumBuffers, steps) =
            Create(new(alpha, eps, weightDecay, momentum, centered));

    /// <summary>An optimizer of groups of parameters with options of their own.</summary>
    /// <param name="groups">At least one; no parameter is in two of them.</param>
    /// <param name="learningRate">That of groups without one of their own, at least 0.</param>
    /// <param name="alpha">The smoothing constant: the decay of the running averages, in [0, 1).</param>
    /// <param name="eps">Added to the divisor, at least 0.</param>
    /// <param name="weightDecay">The factor of the L2 penalty's gradient, at least 0.</param>
    /// <param name="momentum">The factor of the momentum buffer, in [0, 1).</param>
    /// <param name="centered">Whether to divide by the standard deviation of the gradient.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number, of a group too, is outside its range.</exception>
    /// <exception cref="ArgumentException">
    /// The groups are not disjoint, or set an option that RMSprop has not.
    /// </exception>
    public RMSprop(
        IEnumerable<ParameterGroup> groups, float learningRate = 1e-2f, double alpha = 0.99, double eps = 1e-8,
        float weightDecay = 0, float momentum = 0, bool centered = false)
        : base(groups, learningRate) =>
        (options, squareAvgs, gradAvgs, momentumBuffers, steps) =
            Create(new(alpha, eps, weightDecay, momentum, centered));

    /// <inheritdoc/>
    public override void Step()
    {
        BeginStep(squareAvgs, gradAvgs, momentumBuffers);
        foreach (var device in Parameters.Select(p => p.Device).OfType<GpuDevice>().Distinct()) StepOnGpu(device);
        for (var i = 0; i < Parameters.Count; i++)
        {
            if (Parameters[i].Grad is not { } gradient) continue;
            if (Parameters[i].IsOnCpu) Update(i, gradient);
            steps.Span[i]++;
        }
    }

    /// <summary>
    /// <c>steps</c>, the number of steps of each parameter, and <c>0.square_avg</c>, centered <c>0.grad_avg</c>, with
    /// momentum <c>0.momentum_buffer</c> and so on.
    /// </summary>
    public override IReadOnlyList<(string Name, Tensor Tensor)> State() =>
    [
        ("steps", steps),
        .. squareAvgs.Select((s, i) => ($"{i}.square_avg", s)),
        .. gradAvgs.Select((a, i) => ($"{i}.grad_avg", a)),
        .. momentumBuffers.Select((b, i) => ($"{i}.momentum_buffer", b)),
    ];

    /// <inheritdoc/>
    protected override IEnumerable<(string Name, object Value)> Describe(ParameterGroup group)
    {
        var (alpha, eps, weightDecay, momentum, centered) = OptionsOf(group, options);
        return
        [
            ("alpha", alpha), ("eps", eps), ("weight_decay", weightDecay), ("momentum", momentum),
            ("centered", centered),
        ];
    }

    /// <summary>Updates the parameters on a GPU, all in one launch.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void StepOnGpu(GpuDevice device) => device.LaunchMultiTensor<RMSpropKernel>(
    [
        .. Enumerable.Range(0, Parameters.Count)
            .Where(i => Parameters[i].Device == device && Parameters[i].Grad is not null)
            .Select(i => (Parameters[i].Shape.Size, new RMSpropKernel(
                Parameters[i].View, Parameters[i].Grad!.View, squareAvgs[i].View,
                // A view that is not read stands for a state that is not there.
                gradAvgs.Length > 0 ? gradAvgs[i].View : squareAvgs[i].View, gradAvgs.Length,
                momentumBuffers.Length > 0 ? momentumBuffers[i].View : squareAvgs[i].View, momentumBuffers.Length,
                FormulaFor(i)))),
    ]);

    private RMSpropFormula FormulaFor(int parameter)
    {
        var (alpha, eps, weightDecay, momentum, centered) = options[GroupIndexOf(parameter)];
        return new(
            ParameterLearningRate(parameter), weightDecay, (float)alpha, (float)(1 - alpha),
            MeanDecay: centered ? (float)alpha : 0, MeanGradientFactor: centered ? (float)(1 - alpha) : 0,
            momentum, (float)eps);
    }

    /// <summary>
    /// Each group's options, and the state; that of an option for all parameters if any group has the option.
    /// </summary>
    private (Options[] Options, Tensor[] SquareAvgs, Tensor[] GradAvgs, Tensor[] Buffers, Tensor Steps) Create(
        Options own)
    {
        own.Check();
        var each = ResolveOptions(
            [
                nameof(ParameterGroup.Alpha), nameof(ParameterGroup.Eps), nameof(ParameterGroup.Momentum),
                nameof(ParameterGroup.Centered),
            ],
            group => new Options(
                group.Alpha ?? own.Alpha, group.Eps ?? own.Eps, group.WeightDecay ?? own.WeightDecay,
                group.Momentum ?? own.Momentum, group.Centered ?? own.Centered).Check());
        return (
            each, Zeros(), each.Any(group => group.Centered) ? Zeros() : [],
            each.Any(group => group.Momentum > 0) ? Zeros() : [], Tensor.Zeros([Parameters.Count]));

        Tensor[] Zeros() => [.. Parameters.Select(p => Tensor.Zeros(p.Shape, p.Device))];
    }

    private unsafe void Update(int i, Tensor gradient)
    {
        var (parameter, formula) = (Parameters[i], FormulaFor(i));
        float* p = parameter.Pointer, g = gradient.Pointer, s = squareAvgs[i].Pointer;
        float* a = gradAvgs.Length > 0 ? gradAvgs[i].Pointer : null;
        float* b = momentumBuffers.Length > 0 ? momentumBuffers[i].Pointer : null;
        parameter.Cpu.ForRanges(parameter.Shape.Size, GrainSize, (start, n) => VectorDispatch.ForEach(n, new LoopBody(
            p + start, g + start, s + start, a == null ? null : a + start, b == null ? null : b + start, formula)));
    }

    private sealed record Options(double Alpha, double Eps, float WeightDecay, float Momentum, bool Centered)
    {
        public Options Check()
        {
            OptimizerOption.CheckDecay(Alpha, "alpha", "Alpha");
            OptimizerOption.CheckEps(Eps);
            OptimizerOption.CheckWeightDecay(WeightDecay);
            OptimizerOption.CheckDecay(Momentum, "momentum", "The momentum");
            return this;
        }
    }

    /// <param name="a">The average gradient; null where no group is centered.</param>
    /// <param name="b">The momentum buffer; null where no group has a momentum.</param>
    private readonly unsafe struct LoopBody(float* p, float* g, float* s, float* a, float* b, RMSpropFormula formula)
        : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V>
        {
            V weight = V.Load(p + i), square = V.Load(s + i);
            var mean = a == null ? V.Create(0) : V.Load(a + i);
            var buffer = b == null ? V.Create(0) : V.Load(b + i);
            formula.Apply(ref weight, V.Load(g + i), ref square, ref mean, ref buffer);
            square.Store(s + i);
            if (a != null) mean.Store(a + i);
            if (b != null) buffer.Store(b + i);
            weight.Store(p + i);
        }
    }
}

/// <summary>
/// d = g + WeightDecay·p; s = Alpha·s + OneMinusAlpha·d²; a = MeanDecay·a + MeanGradientFactor·d;
/// b = Momentum·b + d / (√(s − a²) + Eps); p −= LearningRate·b. Products and sums are rounded apart on the CPU.
/// </summary>
/// <param name="MeanDecay">0 where not centered, as <paramref name="MeanGradientFactor"/>: then a stays 0.</param>
internal readonly record struct RMSpropFormula(
    float LearningRate, float WeightDecay, float Alpha, float OneMinusAlpha, float MeanDecay, float MeanGradientFactor,
    float Momentum, float Eps)
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T p, T g, ref T s, ref T a, ref T b) where T : struct, IReal<T>
    {
        var d = g + T.Create(WeightDecay) * p;
        s = T.Create(Alpha) * s + T.Create(OneMinusAlpha) * d * d;
        a = T.Create(MeanDecay) * a + T.Create(MeanGradientFactor) * d;
        var variance = T.Max(T.Create(0), s - a * a);       // NaN of NaN
        b = T.Create(Momentum) * b + d / (T.Sqrt(variance) + T.Create(Eps));
        p -= T.Create(LearningRate) * b;
    }
}

/// <param name="hasMean">0 where <paramref name="a"/> is not to be used, as <paramref name="hasBuffer"/> says of
/// <paramref name="b"/>.</param>
internal readonly struct RMSpropKernel(
    ArrayView<float> p, ArrayView<float> g, ArrayView<float> s, ArrayView<float> a, int hasMean, ArrayView<float> b,
    int hasBuffer, RMSpropFormula formula) : IItemKernel
{
    public void Run(int i)
    {
        GpuFloat weight = new(p[i]), square = new(s[i]), mean = new(0), buffer = new(0);
        if (hasMean != 0) mean = new(a[i]);
        if (hasBuffer != 0) buffer = new(b[i]);
        formula.Apply(ref weight, new(g[i]), ref square, ref mean, ref buffer);
        s[i] = square.V;
        if (hasMean != 0) a[i] = mean.V;
        if (hasBuffer != 0) b[i] = buffer.V;
        p[i] = weight.V;
    }
}

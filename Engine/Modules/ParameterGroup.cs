using System.Globalization;

namespace PyNetSharp.Optimizers;

/// <summary>Parameters that an optimizer trains with options of their own, as PyTorch's parameter groups.</summary>
/// <remarks>
/// What is null is the optimizer's. An optimizer refuses an option that it does not have.
/// <code>
/// var optimizer = new Sgd(
///     [
///         new ParameterGroup(model.Features.Parameters()) { LearningRate = 0.001f },
///         new ParameterGroup(model.Head.Parameters()),
///     ],
///     learningRate: 0.1f, momentum: 0.9f);
/// </code>
/// </remarks>
public sealed class ParameterGroup
{
    /// <summary>A group of these parameters.</summary>
    /// <param name="parameters">At least one; one given twice counts once.</param>
    /// <exception cref="ArgumentException">There are no parameters.</exception>
    public ParameterGroup(IEnumerable<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Parameters = [.. parameters.Distinct()];
        if (Parameters.Count == 0)
            throw new ArgumentException("The parameter group has no parameters.", nameof(parameters));
    }

    /// <summary>The group's parameters.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>
    /// The initial learning rate, at least 0. Where the optimizer's is changed, as by a schedule, this one changes by
    /// the same factor.
    /// </summary>
    public float? LearningRate { get; init; }

    /// <summary>The weight decay, at least 0.</summary>
    public float? WeightDecay { get; init; }

    /// <summary>The momentum of <c>Sgd</c> and <c>RMSprop</c>, in [0, 1).</summary>
    public float? Momentum { get; init; }

    /// <summary>The dampening of <c>Sgd</c>, in [0, 1].</summary>
    public float? Dampening { get; init; }

    /// <summary>Whether <c>Sgd</c> uses Nesterov momentum.</summary>
    public bool? Nesterov { get; init; }

    /// <summary>The first beta of <c>Adam</c> and <c>AdamW</c>, in [0, 1).</summary>
    public double? Beta1 { get; init; }

    /// <summary>The second beta of <c>Adam</c> and <c>AdamW</c>, in [0, 1).</summary>
    public double? Beta2 { get; init; }

    /// <summary>The smoothing constant of <c>RMSprop</c>, in [0, 1).</summary>
    public double? Alpha { get; init; }

    /// <summary>What <c>Adam</c>, <c>AdamW</c> and <c>RMSprop</c> add to the divisor, at least 0.</summary>
    public double? Eps { get; init; }

    /// <summary>Whether <c>RMSprop</c> divides by the standard deviation of the gradient.</summary>
    public bool? Centered { get; init; }

    /// <summary>The options that are set and that not every optimizer has.</summary>
    internal IEnumerable<string> SpecialOptions => SetSpecialOptions.Select(option => option.Name);

    private IEnumerable<(string Name, object? Value)> SetSpecialOptions
    {
        get
        {
            (string Name, object? Value)[] options =
            [
                (nameof(Momentum), Momentum), (nameof(Dampening), Dampening), (nameof(Nesterov), Nesterov),
                (nameof(Beta1), Beta1), (nameof(Beta2), Beta2), (nameof(Alpha), Alpha), (nameof(Eps), Eps),
                (nameof(Centered), Centered),
            ];
            return options.Where(option => option.Value is not null);
        }
    }

    /// <summary>How many parameters there are, and the options that are set.</summary>
    /// <returns><c>ParameterGroup(2 tensors, 650 elements, WeightDecay=0.0005)</c></returns>
    public override string ToString()
    {
        (string Name, object? Value)[] common =
            [(nameof(LearningRate), LearningRate), (nameof(WeightDecay), WeightDecay)];
        var options = common.Where(option => option.Value is not null).Concat(SetSpecialOptions)
            .Select(option => string.Create(CultureInfo.InvariantCulture, $"{option.Name}={option.Value}"));
        return $"ParameterGroup({string.Join(", ", [Count(Parameters), .. options])})";
    }

    /// <summary><c>2 tensors, 650 elements</c></summary>
    internal static string Count(IReadOnlyList<Parameter> parameters) => FormattableString.Invariant(
        $"{parameters.Count} {(parameters.Count == 1 ? "tensor" : "tensors")}, ") + FormattableString.Invariant(
        $"{parameters.Sum(parameter => (long)parameter.Shape.Size)} elements");
}

/// <summary>Usual divisions of a model's parameters into groups.</summary>
public static class ParameterGroups
{
    /// <summary>
    /// All parameters of a model: those of rank 2 and more with a weight decay, biases and the weights of normalization
    /// layers, which have rank 1, without.
    /// </summary>
    /// <param name="model">Has at least one parameter.</param>
    /// <param name="weightDecay">That of the matrices and kernels, at least 0.</param>
    /// <returns>Two groups, or one where all parameters belong to it.</returns>
    /// <exception cref="ArgumentException">The model has no parameters.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The weight decay is negative or not finite.</exception>
    /// <seealso href="https://arxiv.org/abs/1812.01187">He et al., 2019, §3.1</seealso>
    public static IReadOnlyList<ParameterGroup> WithoutDecayOnBiasesAndNorms(Module model, float weightDecay)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (!float.IsFinite(weightDecay) || weightDecay < 0)
            throw new ArgumentOutOfRangeException(
                nameof(weightDecay), FormattableString.Invariant($"{weightDecay}"),
                "The weight decay must be a number from 0 up.");
        if (model.Parameters() is not { Count: > 0 } parameters)
            throw new ArgumentException($"{model.GetType().Name} has no parameters.", nameof(model));
        return
        [
            .. parameters.GroupBy(p => p.Rank > 1).OrderByDescending(group => group.Key)
                .Select(group => new ParameterGroup(group) { WeightDecay = group.Key ? weightDecay : 0 }),
        ];
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace PyNetSharp.Optimizers;

/// <summary>Changes parameters by their gradients.</summary>
[DebuggerDisplay("{DebuggerText,nq}")]
public abstract class Optimizer
{
    private readonly double[] rateFactors;      // of each group's learning rate to the optimizer's
    private readonly int[] groupIndices;        // of each parameter

    /// <summary>An optimizer that trains all parameters alike.</summary>
    /// <param name="parameters">What to train; each once.</param>
    /// <param name="learningRate">Not negative; a schedule may change it between steps.</param>
    /// <exception cref="ArgumentException">There are no parameters.</exception>
    [OverloadResolutionPriority(1)]
    protected Optimizer(IEnumerable<Parameter> parameters, float learningRate)
        : this([new ParameterGroup(ThrowIfEmpty(parameters))], learningRate)
    {
    }

    /// <summary>An optimizer of groups of parameters with options of their own.</summary>
    /// <param name="groups">At least one; no parameter is in two of them.</param>
    /// <param name="learningRate">
    /// That of the groups without one of their own; not negative. A schedule may change it between steps.
    /// </param>
    /// <exception cref="ArgumentException">
    /// There are no groups, a parameter is in two of them, or a group's own learning rate cannot be scaled because
    /// <paramref name="learningRate"/> is 0.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A learning rate is negative or not finite.</exception>
    protected Optimizer(IEnumerable<ParameterGroup> groups, float learningRate)
    {
        ArgumentNullException.ThrowIfNull(groups);
        Groups = [.. groups];
        if (Groups.Count == 0)
            throw new ArgumentException("The optimizer has no groups of parameters to train.", nameof(groups));
        ThrowIfShared(Groups);
        LearningRate = CheckLearningRate(learningRate, nameof(learningRate));
        Parameters = [.. Groups.SelectMany(group => group.Parameters)];
        groupIndices = [.. Groups.SelectMany((group, i) => Enumerable.Repeat(i, group.Parameters.Count))];
        rateFactors = [.. Groups.Select((group, i) => RateFactor(group, i, learningRate))];
    }

    /// <summary>What is trained, group after group.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The parameters with their options, in the order in which they were given.</summary>
    public IReadOnlyList<ParameterGroup> Groups { get; }

    /// <summary>The step size of the next <see cref="Step"/>; not negative.</summary>
    /// <remarks>
    /// Setting it scales the learning rates that groups have of their own by the same factor, so that a schedule takes
    /// each group from its own initial rate; <see cref="LearningRateOf"/> has the results.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">Set to a negative or not finite number.</exception>
    public float LearningRate
    {
        get;
        set => field = CheckLearningRate(value, nameof(value));
    }

    private string DebuggerText => FormattableString.Invariant(
        $"{GetType().Name}: lr={LearningRate}, {Groups.Count} {(Groups.Count == 1 ? "group" : "groups")}, ") +
        ParameterGroup.Count(Parameters);

    /// <summary>The step size of a group's parameters in the next <see cref="Step"/>.</summary>
    /// <param name="group">One of <see cref="Groups"/>.</param>
    /// <exception cref="ArgumentException">It is none of them.</exception>
    public float LearningRateOf(ParameterGroup group) => GroupLearningRate(IndexOf(group));

    /// <summary>Changes every parameter that has a gradient.</summary>
    public abstract void Step();

    /// <summary>The optimizer's state, such as momentum, with names for checkpoints.</summary>
    public abstract IReadOnlyList<(string Name, Tensor Tensor)> State();

    /// <summary>
    /// To be called first in a step: counts an overwrite of each parameter that has a gradient, and moves its state to
    /// its device.
    /// </summary>
    /// <param name="states">Each holds one tensor per parameter, or none.</param>
    internal void BeginStep(params ReadOnlySpan<Tensor[]> states)
    {
        for (var i = 0; i < Parameters.Count; i++)
        {
            var parameter = Parameters[i];
            if (parameter.Grad is null) continue;
            parameter.BumpVersion();
            foreach (var state in states)
                if (state.Length > 0)
                    state[i].Move(parameter.Device);
        }
    }

    /// <summary>What belongs to a group, from a list with an entry for each.</summary>
    internal T OptionsOf<T>(ParameterGroup group, T[] options) => options[IndexOf(group)];

    /// <summary>The index of the group that has the parameter of this index.</summary>
    internal int GroupIndexOf(int parameter) => groupIndices[parameter];

    /// <summary>The step size of the parameter of this index in the next <see cref="Step"/>.</summary>
    internal float ParameterLearningRate(int parameter) => GroupLearningRate(groupIndices[parameter]);

    /// <summary>Each group's options, checked.</summary>
    /// <param name="known">The options of <see cref="ParameterGroup"/> that this optimizer has, but for two.</param>
    /// <param name="optionsOf">Combines a group's options with the optimizer's, and throws if they are out of range.
    /// </param>
    /// <exception cref="ArgumentException">A group has an option that this optimizer has not.</exception>
    internal T[] ResolveOptions<T>(string[] known, Func<ParameterGroup, T> optionsOf)
    {
        foreach (var (i, group) in Groups.Index())
            if (group.SpecialOptions.Except(known).FirstOrDefault() is { } unknown)
                throw new ArgumentException($"Group {i} sets {unknown}, an option that {GetType().Name} has not.");
        return [.. Groups.Select(optionsOf)];
    }

    /// <summary>As PyTorch prints an optimizer: the options of each group, and how many parameters it has.</summary>
    /// <remarks>The same in every culture; nothing waits for a device.</remarks>
    public override string ToString()
    {
        var text = new StringBuilder($"{GetType().Name} (\n");
        foreach (var (i, group) in Groups.Index())
        {
            var count = ParameterGroup.Count(group.Parameters);
            text.Append(CultureInfo.InvariantCulture, $"Parameter Group {i} ({count})\n");
            var options = Describe(group).Append(("lr", LearningRateOf(group)));
            foreach (var (name, value) in options.OrderBy(option => option.Item1, StringComparer.Ordinal))
                text.Append(CultureInfo.InvariantCulture, $"    {name}: {value}\n");
        }

        return text.Append(')').ToString();
    }

    /// <summary>The options with which a group is trained, for printing; the learning rate is not among them.</summary>
    /// <param name="group">One of <see cref="Groups"/>.</param>
    /// <returns>PyTorch's names, such as weight_decay, with their values.</returns>
    protected virtual IEnumerable<(string Name, object Value)> Describe(ParameterGroup group) => [];

    /// <summary>Sets all gradients to null and frees their storage.</summary>
    public void ZeroGrad()
    {
        foreach (var parameter in Parameters) parameter.Grad = null;
    }

    private int IndexOf(ParameterGroup group)
    {
        for (var i = 0; i < Groups.Count; i++)
            if (ReferenceEquals(Groups[i], group))
                return i;
        throw new ArgumentException("The group is none of this optimizer's.", nameof(group));
    }

    private float GroupLearningRate(int group) => (float)(LearningRate * rateFactors[group]);

    private static double RateFactor(ParameterGroup group, int index, float learningRate)
    {
        if (group.LearningRate is not { } own) return 1;
        CheckLearningRate(own, nameof(ParameterGroup.LearningRate));
        if (learningRate == 0 && own != 0)
            throw new ArgumentException(FormattableString.Invariant(
                $"Group {index} has a learning rate of {own}, which scales with the optimizer's; that must not be 0."));
        return own == learningRate ? 1 : (double)own / learningRate;
    }

    private static Parameter[] ThrowIfEmpty(IEnumerable<Parameter> parameters) =>
        parameters.ToArray() is { Length: > 0 } given
            ? given
            : throw new ArgumentException(
                "The optimizer has no parameters to train. A module's parameters are those that its fields and " +
                "properties, and the modules there, hold when Parameters() is called; a layer without weights has " +
                "none.",
                nameof(parameters));

    private static void ThrowIfShared(IReadOnlyList<ParameterGroup> groups)
    {
        var owners = new Dictionary<Parameter, int>();
        foreach (var (i, group) in groups.Index())
            foreach (var (k, parameter) in group.Parameters.Index())
                if (!owners.TryAdd(parameter, i))
                    throw new ArgumentException(
                        $"Parameter {k} of group {i}, of shape {parameter.Shape}, is in group {owners[parameter]} " +
                        "already; a parameter belongs to one group.", nameof(groups));
    }

    private static float CheckLearningRate(float value, string name) => float.IsFinite(value) && value >= 0
        ? value
        : throw new ArgumentOutOfRangeException(
            name, FormattableString.Invariant($"{value}"), "The learning rate must be a number from 0 up.");
}

namespace PyNetSharp.Optimizers;

/// <summary>Changes parameters by their gradients.</summary>
/// <param name="parameters">What to train; each once.</param>
/// <param name="learningRate">Positive; a schedule may change it between steps.</param>
/// <exception cref="ArgumentException">There are no parameters.</exception>
public abstract class Optimizer(IEnumerable<Parameter> parameters, float learningRate)
{
    /// <summary>What is trained.</summary>
    public IReadOnlyList<Parameter> Parameters { get; } = parameters.Distinct().ToArray() is { Length: > 0 } given
        ? given
        : throw new ArgumentException(
            "The optimizer has no parameters to train. A module's parameters are those that its fields and " +
            "properties, and the modules there, hold when Parameters() is called; a layer without weights has none.",
            nameof(parameters));

    /// <summary>The step size of the next <see cref="Step"/>; not negative.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a negative or not finite number.</exception>
    public float LearningRate
    {
        get;
        set => field = CheckLearningRate(value, nameof(value));
    } = CheckLearningRate(learningRate, nameof(learningRate));

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

    /// <summary>Sets all gradients to null and frees their storage.</summary>
    public void ZeroGrad()
    {
        foreach (var parameter in Parameters) parameter.Grad = null;
    }

    private static float CheckLearningRate(float value, string name) => float.IsFinite(value) && value >= 0
        ? value
        : throw new ArgumentOutOfRangeException(
            name, FormattableString.Invariant($"{value}"), "The learning rate must be a number from 0 up.");
}

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
            "The optimizer has no parameters to train. A module's parameters are those that its fields and properties, and the modules " +
            "there, hold when Parameters() is called; a layer without weights has none.", nameof(parameters));

    /// <summary>The step size of the next <see cref="Step"/>; not negative.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a negative or not finite number.</exception>
    public float LearningRate
    {
        get;
        set => field = float.IsFinite(value) && value >= 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), FormattableString.Invariant($"{value}"), "The learning rate must be a number from 0 up.");
    } = float.IsFinite(learningRate) && learningRate >= 0
        ? learningRate
        : throw new ArgumentOutOfRangeException(nameof(learningRate), FormattableString.Invariant($"{learningRate}"), "The learning rate must be a number from 0 up.");

    /// <summary>Changes every parameter that has a gradient.</summary>
    public abstract void Step();

    /// <summary>What the optimizer remembers between steps (momentum and the like), named, for checkpoints.</summary>
    public abstract IReadOnlyList<(string Name, Tensor Tensor)> State();

    /// <summary>
    /// To be called first in a step: marks the parameters that have gradients as changed, and brings what is remembered of each
    /// (one tensor per parameter in each array, or none at all) to the parameter's device.
    /// </summary>
    internal void BeginStep(params ReadOnlySpan<Tensor[]> memories)
    {
        for (var i = 0; i < Parameters.Count; i++)
        {
            var parameter = Parameters[i];
            if (parameter.Grad is null) continue;
            parameter.BumpVersion();
            foreach (var memory in memories)
                if (memory.Length > 0)
                    memory[i].Move(parameter.Device);
        }
    }

    /// <summary>Forgets all gradients and gives their storage back.</summary>
    public void ZeroGrad()
    {
        foreach (var parameter in Parameters) parameter.Grad = null;
    }
}

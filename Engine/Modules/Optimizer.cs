namespace PyNetSharp;

/// <summary>Changes parameters by their gradients.</summary>
/// <param name="parameters">What to train; each once.</param>
/// <param name="learningRate">Positive; a schedule may change it between steps.</param>
public abstract class Optimizer(IEnumerable<Parameter> parameters, float learningRate)
{
    /// <summary>What is trained.</summary>
    public IReadOnlyList<Parameter> Parameters { get; } = [.. parameters.Distinct()];

    /// <summary>The step size of the next <see cref="Step"/>; not negative.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a negative or not finite number.</exception>
    public float LearningRate
    {
        get;
        set => field = float.IsFinite(value) && value >= 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The learning rate must be a number from 0 up.");
    } = float.IsFinite(learningRate) && learningRate >= 0
        ? learningRate
        : throw new ArgumentOutOfRangeException(nameof(learningRate), learningRate, "The learning rate must be a number from 0 up.");

    /// <summary>Changes every parameter that has a gradient.</summary>
    public abstract void Step();

    /// <summary>What the optimizer remembers between steps (momentum and the like), named, for checkpoints.</summary>
    public abstract IReadOnlyList<(string Name, Tensor Tensor)> State();

    /// <summary>Forgets all gradients and gives their storage back.</summary>
    public void ZeroGrad()
    {
        foreach (var parameter in Parameters) parameter.Grad = null;
    }
}

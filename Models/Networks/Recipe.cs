using PyNetSharp.Layers;

namespace PyNetSharp.Models;

/// <summary>The optimizers that a recipe can name.</summary>
public enum OptimizerKind
{
    /// <summary>Stochastic gradient descent with momentum.</summary>
    Sgd,

    /// <summary>Adam.</summary>
    Adam,
}

/// <summary>How a network is trained unless the user says otherwise.</summary>
public sealed record Recipe
{
    /// <summary>The data set's name in the catalogue: "cifar10".</summary>
    public required string Data { get; init; }

    /// <summary>Multiplies the hidden channels.</summary>
    public double WidthMultiplier { get; init; } = 1;

    /// <summary>The dropout probability; null for the network's own.</summary>
    public float? Dropout { get; init; }

    /// <summary>Images are resized to so many rows and columns, bilinearly; null leaves them as they are.</summary>
    public int? Resize { get; init; }

    /// <summary>Pixels in [0, 1] have this subtracted,</summary>
    public float Mean { get; init; } = 0.5f;

    /// <summary>and are then divided by this.</summary>
    public float Std { get; init; } = 0.5f;

    /// <summary>Items per step.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>What changes the parameters.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Sgd;

    /// <summary>The step size at the start.</summary>
    public required float LearningRate { get; init; }

    /// <summary>SGD's momentum, in [0, 1).</summary>
    public float Momentum { get; init; } = 0.9f;

    /// <summary>Whether the momentum is Nesterov's.</summary>
    public bool Nesterov { get; init; } = true;

    /// <summary>L2 regularisation.</summary>
    public float WeightDecay { get; init; }

    /// <summary>
    /// How the learning rate changes, as on the command line: none, step:SIZE:GAMMA or cosine[:WARMUP]. A recipe's own
    /// warm-up is a share of the training ("cosine:20%"), so that it fits however long the user has it last.
    /// </summary>
    public string Schedule { get; init; } = "none";

    /// <summary>Passes over the training set.</summary>
    public required int Epochs { get; init; }

    /// <summary>Accuracies are measured every so many epochs, and after the last.</summary>
    public int EvaluateEvery { get; init; } = 1;

    /// <summary>How the weights are drawn.</summary>
    public Initialization Initialization { get; init; }

    /// <summary>Whether <see cref="HeadInitialization"/> follows.</summary>
    public bool InitializesHead { get; init; }

    /// <summary>Draws the weights that training starts from.</summary>
    /// <param name="model">A model just built.</param>
    /// <param name="rng">Draws the weights.</param>
    /// <param name="chosen">
    /// What the user asked for, which is then used as it is, without <see cref="HeadInitialization"/>; null for the recipe's
    /// own.
    /// </param>
    public void Initialize(Module model, Rng rng, Initialization? chosen = null)
    {
        model.Initialize(chosen ?? Initialization, rng);
        if (chosen is null && InitializesHead) HeadInitialization.Apply(model);
    }
}

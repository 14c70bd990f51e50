using PyNetSharp.Layers;
using PyNetSharp.Training;

namespace PyNetSharp.Models;

/// <summary>The optimizers that a recipe can name.</summary>
public enum OptimizerKind
{
    /// <summary>Stochastic gradient descent with momentum.</summary>
    Sgd,

    /// <summary>Adam.</summary>
    Adam,

    /// <summary>Adam with decoupled weight decay.</summary>
    AdamW,

    /// <summary>RMSprop.</summary>
    RMSprop,
}

/// <summary>The default training of a network: data, optimizer, hyperparameters, initialization.</summary>
public sealed record Recipe
{
    /// <summary>The data set's name in <see cref="PyNetSharp.Data.DataCatalog"/>: "cifar10".</summary>
    public required string Data { get; init; }

    /// <summary>The factor of the hidden channels, <see cref="NetworkOptions.WidthMultiplier"/>.</summary>
    public double WidthMultiplier { get; init; } = 1;

    /// <summary>The dropout probability; null for the network's default.</summary>
    public float? Dropout { get; init; }

    /// <summary>The rows and columns to which images are resized, bilinearly; null for no resizing.</summary>
    public int? Resize { get; init; }

    /// <summary>The mean of the normalization (x − mean) / std of pixels in [0, 1].</summary>
    public float Mean { get; init; } = 0.5f;

    /// <summary>The standard deviation of the normalization; positive.</summary>
    public float Std { get; init; } = 0.5f;

    /// <summary>Items per step.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>The optimizer.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Sgd;

    /// <summary>The initial learning rate.</summary>
    public required float LearningRate { get; init; }

    /// <summary>The momentum of SGD and RMSprop, in [0, 1).</summary>
    public float Momentum { get; init; } = 0.9f;

    /// <summary>Whether SGD uses Nesterov momentum.</summary>
    public bool Nesterov { get; init; } = true;

    /// <summary>
    /// The coefficient of L2 regularization, added to the gradient as λ·w; AdamW's decoupled weight decay.
    /// </summary>
    public float WeightDecay { get; init; }

    /// <summary>
    /// How the learning rate changes. A recipe's own warm-up is a share of the training, so that it fits any number of
    /// epochs.
    /// </summary>
    public EpochSchedule Schedule { get; init; } = new ConstantSchedule();

    /// <summary>Passes over the training set.</summary>
    public required int Epochs { get; init; }

    /// <summary>
    /// The training items that are held out to choose the best epoch, and not trained on: below 1 a share of them, from
    /// 1 up their number; 0 for none, as the published trainings have it, whose test items choose.
    /// </summary>
    public double Validation { get; init; } = 0.1;

    /// <summary>The number of epochs between evaluations; the last epoch is always evaluated.</summary>
    public int EvaluateEvery { get; init; } = 1;

    /// <summary>As <see cref="Trainer.TestEvery"/>.</summary>
    public int TestEvery { get; init; }

    /// <summary>The batches of an epoch from one line about its loss and accuracy to the next; 0 for none.</summary>
    public int LogEvery { get; init; }

    /// <summary>The batches of an epoch from one file of weights that is kept to the next; 0 for none.</summary>
    public int SaveEvery { get; init; }

    /// <summary>The initialization of the weights.</summary>
    public Initialization Initialization { get; init; }

    /// <summary>
    /// Whether the head of a Network in Network is initialized so that its ReLUs do not die: the weights of the
    /// convolution to the classes are scaled by 0.3 around a bias of 1, and 1×1 convolutions after it are the identity.
    /// </summary>
    public bool InitializesHead { get; init; }

    /// <summary>Initializes the weights of a model for training.</summary>
    /// <param name="model">A newly created model.</param>
    /// <param name="rng">Draws the weights.</param>
    /// <param name="chosen">
    /// The user's choice, which is used without <see cref="InitializesHead"/>; null for the recipe's own
    /// initialization.
    /// </param>
    public void Initialize(Module model, Rng rng, Initialization? chosen = null)
    {
        model.Initialize(chosen ?? Initialization, rng);
        if (chosen is null && InitializesHead) HeadInitialization.Apply(model);
    }
}

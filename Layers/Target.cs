namespace PyNetSharp.Layers;

/// <summary>What a model's outputs for a batch should be: class labels, masks of them, or values.</summary>
/// <remarks>Labels and tensors convert to it, so that a loss takes either.</remarks>
public sealed class Target
{
    private readonly Labels? labels;
    private readonly Tensor? values;

    /// <summary>Class labels.</summary>
    /// <param name="labels">[N], or [N, H, W] for masks.</param>
    public Target(Labels labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        this.labels = labels;
    }

    /// <summary>Values to regress, or probabilities of the classes.</summary>
    /// <param name="values">[N, …]</param>
    public Target(Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        this.values = values;
    }

    /// <summary>Whether it is <see cref="Labels"/>, not <see cref="Values"/>.</summary>
    public bool HasLabels => labels is not null;

    /// <summary>Whether it is one label per item: then the model's outputs have an accuracy.</summary>
    public bool HasLabelPerItem => labels?.Shape.Rank == 1;

    /// <summary>The labels, [N] or [N, H, W].</summary>
    /// <exception cref="InvalidOperationException">The target is values.</exception>
    public Labels Labels => labels
        ?? throw new InvalidOperationException($"The target is values of shape {Shape}, not class labels.");

    /// <summary>The values, [N, …].</summary>
    /// <exception cref="InvalidOperationException">The target is class labels.</exception>
    public Tensor Values => values
        ?? throw new InvalidOperationException($"The target is class labels of shape {Shape}, not values.");

    /// <summary>[N], [N, H, W], or that of the values.</summary>
    public Shape Shape => labels?.Shape ?? values!.Shape;

    /// <summary>A target of labels.</summary>
    public static implicit operator Target(Labels labels) => new(labels);

    /// <summary>A target of values.</summary>
    public static implicit operator Target(Tensor values) => new(values);
}

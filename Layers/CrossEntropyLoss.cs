namespace PyNetSharp.Layers;

/// <summary>The function that training minimizes: a scalar from a batch's outputs and labels.</summary>
public interface ILoss
{
    /// <summary>The mean loss over the batch.</summary>
    /// <param name="outputs">The model's outputs: [batch, classes].</param>
    /// <param name="labels">[batch] class numbers, each in [0, classes).</param>
    /// <returns>A scalar.</returns>
    Tensor Forward(Tensor outputs, Labels labels);
}

/// <summary>Softmax cross-entropy against class labels, in nats. Uniform guessing scores ln(classes).</summary>
public sealed class CrossEntropyLoss : ILoss
{
    /// <inheritdoc/>
    /// <exception cref="ShapeException">
    /// The outputs are not [batch, classes], or there is not one label per row.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is outside [0, classes).</exception>
    public Tensor Forward(Tensor outputs, Labels labels) => outputs.CrossEntropy(labels);
}

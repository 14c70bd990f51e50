namespace PyNetSharp.Layers;

/// <summary>The function that training minimizes: a scalar from a batch's outputs and targets.</summary>
/// <remarks>
/// A loss of one's own is a method of other ops:
/// <code>
/// sealed class LogCoshLoss : ILoss
/// {
///     public Tensor Forward(Tensor outputs, Target target)
///     {
///         var d = outputs - target.Values;
///         …
///     }
/// }
/// </code>
/// </remarks>
public interface ILoss
{
    /// <summary>The mean loss over the batch.</summary>
    /// <param name="outputs">The model's outputs: [N, classes] for a classifier.</param>
    /// <param name="target">What they should be: labels [N] for a classifier.</param>
    /// <returns>A scalar; a trainer takes it for a mean over the items.</returns>
    Tensor Forward(Tensor outputs, Target target);
}

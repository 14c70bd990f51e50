using System.Globalization;

namespace PyNetSharp.Training;

/// <summary>
/// The network outputs the same scores for every input, batch after batch: its last ReLUs, or all of an earlier layer,
/// are zero. No gradient reaches the weights any more, and the loss does not change again.
/// </summary>
public sealed class DeadReluException : InputException
{
    /// <summary>A dead network without details.</summary>
    public DeadReluException()
    {
    }

    /// <summary>A dead network with a message of one's own.</summary>
    public DeadReluException(string message) : base(message)
    {
    }

    /// <summary>A dead network with a message of one's own and the exception that caused it.</summary>
    public DeadReluException(string message, Exception inner) : base(message, inner)
    {
    }

    internal DeadReluException(long step, int batches, double loss, double learningRate)
        : base(string.Create(
            CultureInfo.InvariantCulture,
            $"The network has died: at step {step} all its scores have been equal for {batches} batches in a row, ") +
            string.Create(
                CultureInfo.InvariantCulture,
                $"and the loss stays at {loss:0.0000}. Try a learning rate smaller than {learningRate:G4}, ") +
            "another initialization, another seed or a warm-up.")
    {
        Step = step;
    }

    /// <summary>The step at which it was found, from 1.</summary>
    public long Step { get; }
}

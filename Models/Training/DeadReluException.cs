using System.Globalization;

namespace PyNetSharp.Training;

/// <summary>
/// The network gives the same scores whatever it sees, batch after batch: its last ReLUs, or all of an earlier layer,
/// are zero for every input. No gradient reaches the weights any more, and the loss stays where it is for ever.
/// </summary>
public sealed class DeadReluException : InputException
{
    /// <summary>A dead network that nothing is known about.</summary>
    public DeadReluException()
    {
    }

    /// <summary>A dead network that the <paramref name="message"/> describes.</summary>
    public DeadReluException(string message) : base(message)
    {
    }

    /// <summary>A dead network that the <paramref name="message"/> describes and another exception led to.</summary>
    public DeadReluException(string message, Exception inner) : base(message, inner)
    {
    }

    internal DeadReluException(long step, int batches, double loss, double learningRate)
        : base(string.Create(
            CultureInfo.InvariantCulture,
            $"The network has died: at step {step} all its scores have been equal for {batches} batches in a row, ") +
            string.Create(
                CultureInfo.InvariantCulture,
                $"and the loss stays at {loss:0.0000}. Try a learning rate smaller than {learningRate:G6}, ") +
            "another initialisation (--init), another seed or a warm-up.")
    {
        Step = step;
    }

    /// <summary>The step at which it was found, from 1.</summary>
    public long Step { get; }
}

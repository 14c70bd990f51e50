using System.Globalization;

namespace PyNetSharp.Training;

/// <summary>The loss was NaN or infinite. The model has the weights from before the last update.</summary>
public sealed class DivergenceException : InputException
{
    /// <summary>A divergence without details.</summary>
    public DivergenceException()
    {
    }

    /// <summary>A divergence with a message of one's own.</summary>
    public DivergenceException(string message) : base(message)
    {
    }

    /// <summary>A divergence with a message of one's own and the exception that caused it.</summary>
    public DivergenceException(string message, Exception inner) : base(message, inner)
    {
    }

    /// <param name="cause">What the search for the cause has found, or advice: sentences.</param>
    internal DivergenceException(long step, double learningRate, double loss, string cause)
        : base(string.Create(
            CultureInfo.InvariantCulture,
            $"The loss was {Name(loss)} at step {step} with the learning rate {learningRate:G4}; ") +
            "the weights from before the faulty update are kept. " + char.ToUpperInvariant(cause[0]) + cause[1..])
    {
        (Step, LearningRate) = (step, learningRate);
    }

    /// <summary>The number of the step, from 1.</summary>
    public long Step { get; }

    /// <summary>The learning rate of that step.</summary>
    public double LearningRate { get; }

    private static string Name(double loss) => double.IsNaN(loss) ? "NaN" : loss > 0 ? "infinite" : "minus infinity";
}

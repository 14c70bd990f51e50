using PyNetSharp.Data;
using PyNetSharp.Layers;

namespace PyNetSharp.Training;

/// <summary>Evaluates a model on the test set every few epochs, and after the last.</summary>
public sealed class PeriodicEvaluation
{
    private readonly Module model;
    private readonly DataLoader test;
    private readonly ILoss? loss;
    private readonly int every;

    /// <summary>An evaluation that has not run.</summary>
    /// <param name="model">The model that is trained; outputs [N, classes] where each item has one label.</param>
    /// <param name="test">The test items.</param>
    /// <param name="loss">The loss to measure; null for cross-entropy.</param>
    /// <param name="every">In epochs; at least 1.</param>
    public PeriodicEvaluation(Module model, DataLoader test, ILoss? loss = null, int every = 1)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(test);
        ArgumentOutOfRangeException.ThrowIfLessThan(every, 1);
        (this.model, this.test, this.loss, this.every) = (model, test, loss, every);
    }

    /// <summary>The processes among which the items are divided; null for one.</summary>
    internal IProcessGroup? Group { private get; init; }

    /// <summary>Whether to evaluate after this epoch.</summary>
    /// <param name="epoch">The number of the epoch, from 1.</param>
    /// <param name="isLast">Whether training ends with it.</param>
    public bool IsDue(int epoch, bool isLast) => isLast || epoch % every == 0;

    /// <summary>Evaluates now.</summary>
    /// <param name="callbacks">
    /// Their <see cref="ITrainingCallback.ApplyEvaluationWeights"/> and
    /// <see cref="ITrainingCallback.OnEvaluationProgress"/> are called.
    /// </param>
    /// <param name="cancellation">Ends the evaluation after the current batch.</param>
    /// <returns>Null if it was canceled.</returns>
    /// <exception cref="ShapeException">The model cannot take the items, or does not output scores.</exception>
    public Evaluation? Run(IReadOnlyList<ITrainingCallback>? callbacks = null, CancellationToken cancellation = default)
    {
        using var weights = new EvaluationWeights(callbacks);
        try
        {
            return Evaluation.Run(
                model, test, loss, new Progress(callbacks ?? [], test.Count), Group, cancellation);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Reports in the same thread and in order, unlike <see cref="Progress{T}"/>.</summary>
    private sealed class Progress(IReadOnlyList<ITrainingCallback> callbacks, int count) : IProgress<int>
    {
        public void Report(int value)
        {
            foreach (var callback in callbacks) callback.OnEvaluationProgress(value, count);
        }
    }
}

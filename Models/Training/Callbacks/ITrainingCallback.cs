namespace PyNetSharp.Training;

/// <summary>What is called as training proceeds, to display it, to write it down or to stop it.</summary>
/// <remarks>
/// A <see cref="Trainer"/> calls its callbacks in the order of <see cref="Trainer.Callbacks"/>. An exception that a
/// callback throws ends training and reaches the caller of <see cref="Trainer.Run"/>.
/// </remarks>
public interface ITrainingCallback
{
    /// <summary>Called before the first step of an epoch, also where training resumes within it.</summary>
    /// <param name="epoch">The number of the epoch, from 1.</param>
    void OnEpochStart(int epoch)
    {
    }

    /// <summary>Called after every step of the optimizer.</summary>
    void OnStepEnd(StepRecord step)
    {
    }

    /// <summary>
    /// Called before the evaluation on the test set, and before the weights of an epoch are kept as the best: may put
    /// other weights into the model, as averaged ones.
    /// </summary>
    /// <returns>Its disposal puts the model's own weights back; null where they have stayed.</returns>
    IDisposable? ApplyEvaluationWeights() => null;

    /// <summary>Called before the evaluation on the test set, and after each of its batches.</summary>
    /// <param name="done">The items evaluated so far.</param>
    /// <param name="count">All items of the test set.</param>
    void OnEvaluationProgress(int done, int count)
    {
    }

    /// <summary>Called after every epoch, and when training ends within one.</summary>
    /// <param name="epoch">The result of the epoch, or of the part of it that was done.</param>
    /// <param name="isBest">
    /// Whether its accuracy is higher than that of every epoch before; its loss lower, where items have no labels.
    /// </param>
    void OnEpochEnd(EpochRecord epoch, bool isBest)
    {
    }
}

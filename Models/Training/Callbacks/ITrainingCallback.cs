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

    /// <summary>
    /// Called when training begins, after every step, after every epoch and when training ends, each time after the
    /// other methods of all callbacks: the trainer's state is complete, and can be saved.
    /// </summary>
    /// <remarks>
    /// After a fault in the middle of a step the state is not complete, and
    /// <see cref="Checkpoint.Save(string, Trainer)"/> refuses it.
    /// </remarks>
    void OnCheckpoint(Trainer trainer, CheckpointMoment moment)
    {
    }

    /// <summary>
    /// Called after a loss that was not finite, if training has returned to the trainer's own copy of a state before,
    /// and has diverged at once again.
    /// </summary>
    /// <param name="trainer">The trainer, whose state may be overwritten.</param>
    /// <param name="step">The step of the trainer's copy.</param>
    /// <returns>Whether the trainer now has the state of an earlier step.</returns>
    bool RestoreBefore(Trainer trainer, long step) => false;

    /// <summary>Called when training returns to an earlier state after a loss that was not finite.</summary>
    void OnRollback(Rollback rollback)
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

/// <summary>What has just ended when a training's state can be saved.</summary>
public enum CheckpointMoment
{
    /// <summary>Nothing: training begins or resumes.</summary>
    Start,

    /// <summary>A step.</summary>
    Step,

    /// <summary>An epoch, or the part of it that was done.</summary>
    Epoch,

    /// <summary>The training.</summary>
    End,
}

/// <summary>A return to an earlier state after a divergence.</summary>
/// <param name="Fault">The divergence.</param>
/// <param name="Step">The step after which training goes on.</param>
/// <param name="LearningRateFactor">The factor of all learning rates from now on, of all rollbacks.</param>
/// <param name="Count">The rollbacks of the training so far.</param>
public sealed record Rollback(DivergenceException Fault, long Step, double LearningRateFactor, int Count);

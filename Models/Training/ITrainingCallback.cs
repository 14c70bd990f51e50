namespace PyNetSharp.Training;

/// <summary>Hears how training goes on: draws it, or writes it down.</summary>
public interface ITrainingCallback
{
    /// <summary>Called after every step.</summary>
    void OnStepEnd(StepRecord step)
    {
    }

    /// <summary>Called before the test set is measured, and after each of its batches.</summary>
    /// <param name="done">The items measured so far.</param>
    /// <param name="count">The items in all.</param>
    void OnEvaluationProgress(int done, int count)
    {
    }

    /// <summary>Called after every epoch, and when training ends within one.</summary>
    /// <param name="epoch">What the epoch, or the part of it, came to.</param>
    /// <param name="isBest">Whether no epoch before was as accurate.</param>
    void OnEpochEnd(EpochRecord epoch, bool isBest)
    {
    }
}

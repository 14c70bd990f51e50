namespace PyNetSharp.Training;

/// <summary>Finds out whether a network's scores have stopped depending on its input.</summary>
/// <remarks>
/// Where the last ReLUs are dead, all classes score zero; where those of an earlier layer are, all items score the
/// same. Both are exact, because a dead ReLU outputs zeros, so equality to the last bit distinguishes them from a
/// network that is merely bad. One such batch may be a coincidence; <see cref="Patience"/> in a row are not. Single
/// classes whose scores are dead need more items than a batch has: <see cref="Evaluation.ConstantClasses"/>.
/// <code>
/// log.Add(scores, loss, labels);              // a BatchMetricsLog
/// foreach (var batch in log.Drain()) detector.Update(batch.IsConstantOutput, step);
/// detector.ThrowIfDead(meanLoss, optimizer.LearningRate);
/// </code>
/// </remarks>
public sealed class DeadReluDetector
{
    /// <summary>After this many constant batches in a row the network is dead.</summary>
    public const int Patience = 10;

    private int constantBatches;

    /// <summary>The step at which the network was found dead, from 1; null while it is not.</summary>
    public long? DetectedAtStep { get; private set; }

    /// <summary>The constant batches in a row so far, which a run that resumes has from the one before.</summary>
    internal int ConstantBatches
    {
        get => constantBatches;
        set => (constantBatches, DetectedAtStep) = (value, null);
    }

    /// <summary>Takes the next training batch into account.</summary>
    /// <param name="isConstantOutput">As <see cref="BatchMetrics.IsConstantOutput"/> says.</param>
    /// <param name="step">The number of the batch's step, from 1.</param>
    public void Update(bool isConstantOutput, long step)
    {
        constantBatches = isConstantOutput ? constantBatches + 1 : 0;
        if (constantBatches >= Patience) DetectedAtStep ??= step;
    }

    /// <summary>Does nothing unless the network was found dead.</summary>
    /// <param name="loss">The mean loss, for the message.</param>
    /// <param name="learningRate">The learning rate, for the message.</param>
    /// <exception cref="DeadReluException">The network was found dead.</exception>
    public void ThrowIfDead(double loss, double learningRate)
    {
        if (DetectedAtStep is { } step) throw new DeadReluException(step, Patience, loss, learningRate);
    }
}

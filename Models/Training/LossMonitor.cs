using PyNetSharp.Data;

namespace PyNetSharp.Training;

/// <summary>Records the losses of training, and stops it where they are not finite or the network is dead.</summary>
/// <param name="model">The model that is trained.</param>
/// <param name="train">Its batches.</param>
/// <param name="test">The test items, or null.</param>
internal sealed class LossMonitor(Module model, DataLoader train, DataLoader? test)
{
    private readonly DivergenceGuard divergence = new(model);
    private readonly DeadReluDetector deadRelus = new();
    private readonly BatchMetricsLog log = new();
    private readonly List<BatchMetrics> computed = [];      // of batches that the log does not see
    private long readBatches;           // whose losses are known, over all epochs
    private long? faultyBatch;          // the first whose loss is not finite, counted over all epochs

    /// <summary>The weights to which a loss that is not finite returns.</summary>
    public Snapshot LastGoodWeights => divergence.LastGoodWeights;

    /// <summary>Whether a loss was not finite, of those that were read.</summary>
    public bool HasDiverged => divergence.HasDiverged;

    /// <summary>The constant batches in a row so far; see <see cref="DeadReluDetector"/>.</summary>
    public int ConstantBatches => deadRelus.ConstantBatches;

    /// <summary>Begins after the steps of an earlier run, with the weights that the model has now.</summary>
    /// <param name="step">The steps done.</param>
    /// <param name="batches">The batches done.</param>
    /// <param name="constantBatches">The last of them that were constant.</param>
    public void Resume(long step, long batches, int constantBatches)
    {
        readBatches = batches;
        divergence.KeepWeights(step);
        deadRelus.ConstantBatches = constantBatches;
    }

    /// <summary>As <see cref="DivergenceGuard.IsDue"/>.</summary>
    public bool IsDue(long step, int interval) => divergence.IsDue(step, interval);

    /// <summary>As <see cref="DivergenceGuard.KeepWeights"/>.</summary>
    public void KeepWeights(long step) => divergence.KeepWeights(step);

    /// <summary>Records a batch, without waiting for a GPU.</summary>
    public void Add(Tensor outputs, Tensor loss, Batch batch)
    {
        if (batch.DominantLabels is { } labels) log.Add(outputs, loss, labels);
        else log.Add(loss, batch.Count);
    }

    /// <summary>Records a batch whose metrics are known.</summary>
    public void Add(BatchMetrics batch) => computed.Add(batch);

    /// <summary>Adds the recorded batches to the metrics, up to the first loss that is not finite.</summary>
    public void Read(EpochMetrics metrics, AccumulationPlan plan)
    {
        BatchMetrics[] batches = [.. log.Drain(), .. computed];
        computed.Clear();
        foreach (var batch in batches)
        {
            var step = plan.StepOf(readBatches++);
            if (!divergence.Update(batch.Loss, step))
            {
                faultyBatch ??= readBatches - 1;
                continue;
            }

            metrics.Add(batch);
            deadRelus.Update(batch.IsConstantOutput, step);
        }
    }

    /// <summary>As <see cref="Read"/>.</summary>
    /// <exception cref="DivergenceException">A loss was not finite; the last good weights are restored.</exception>
    public void Check(EpochMetrics metrics, AccumulationPlan plan, double learningRate)
    {
        Read(metrics, plan);
        divergence.ThrowWithCause(learningRate, FindFaultInBatch);
    }

    /// <summary>As <see cref="DivergenceGuard.Update(Evaluation, long)"/>.</summary>
    /// <exception cref="DivergenceException">The loss is not finite; the last good weights are restored.</exception>
    public void Check(Evaluation evaluation, long step, double learningRate)
    {
        divergence.Update(evaluation, step);
        divergence.ThrowWithCause(learningRate, FindFaultInTest);
    }

    /// <summary>Loads the batch again: on a GPU it was not the last.</summary>
    private string? FindFaultInBatch()
    {
        if (faultyBatch is not { } number) return null;
        faultyBatch = null;
        var (epochs, first) = Math.DivRem(number, train.BatchCount);
        return NonFinite.In(train, (int)epochs + 1, (int)first, (int)first + 1);
    }

    private string? FindFaultInTest() =>
        test is null ? null : NonFinite.In(test, epoch: 0, 0, test.BatchCount, "the test set");

    /// <exception cref="DeadReluException">The network outputs the same scores for every input.</exception>
    public void ThrowIfDead(EpochMetrics metrics, double learningRate) =>
        deadRelus.ThrowIfDead(metrics.Loss, learningRate);
}

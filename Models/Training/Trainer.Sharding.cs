using PyNetSharp.Data;

namespace PyNetSharp.Training;

/// <content>Batches that are cut into shards, and processes that train together.</content>
public sealed partial class Trainer
{
    private ShardedStep? sharded;           // null where batches are computed as they are
    private bool isStopAgreed;              // by all processes, where there are others

    /// <summary>
    /// The parts into which each batch is cut, by position and as equal as can be, at least 1 and at most the batch
    /// size. Each has a forward and a backward pass of its own, and their gradients are added by a binary tree that the
    /// number of shards alone determines.
    /// </summary>
    /// <remarks>
    /// So the weights are the same bits for any number of processes in a <see cref="Group"/>, and in one process a
    /// large batch takes the memory of a small one. Dropout drops as it would in the whole batch. Batch normalization
    /// takes its statistics from each shard, and its running statistics from the first. What draws from another
    /// generator than a dropout layer's draws anew for each shard. A loss whose mean is weighted itself, by classes or
    /// without ignored labels, counts by its items all the same. On a GPU the host waits for each shard.
    /// </remarks>
    public int Shards { get; init => field = (int)CheckPositive(value); } = 1;

    /// <summary>
    /// The processes that train together, each on its part of the <see cref="Shards"/>; null for one. Each has a
    /// trainer of its own that is constructed alike, with callbacks of its own; those that change what is trained or
    /// evaluated, as <see cref="AveragedWeights"/>, belong to all.
    /// </summary>
    /// <remarks>
    /// When training begins, all take the state of rank 0, which alone need load a checkpoint. A process that wants to
    /// stop stops all after the same step.
    /// </remarks>
    public IProcessGroup? Group { get; init; }

    private IProcessGroup? Others => Group is { Size: > 1 } ? Group : null;

    /// <summary>Continues with what another process has done; the tensors have been loaded already.</summary>
    /// <param name="progress">What it had done.</param>
    /// <param name="best">Its best epoch's weights, as for a resumed training; null if they are the same here.</param>
    internal void TakeOver(TrainingProgress progress, IReadOnlyList<float[]?>? best)
    {
        if (best is null) SetProgress(progress);
        else Resume(progress, best);
    }

    /// <summary>Checks the shards, as training does when it begins; all processes have the same result.</summary>
    /// <exception cref="InputException">The shards do not fit the batches or the processes.</exception>
    internal ShardPlan CheckShards()
    {
        var plan = new ShardPlan(Shards, Group?.Rank ?? 0, Group?.Size ?? 1);
        if (Shards > train.BatchSize)
            throw new InputException(
                $"{Shards} shards per batch are more than a batch has items, which are {train.BatchSize}; expected " +
                "fewer shards, or a larger batch size.");
        checks.CheckSingleItemShard(plan);
        return plan;
    }

    /// <exception cref="InputException">The shards do not fit the batches or the processes.</exception>
    private void BeginSharding(int epochs)
    {
        if (Shards == 1 && Others is null) return;
        var plan = CheckShards();
        if (Others is { } group)
        {
            RankAgreement.Check(group,
            [
                ("the number of shards", Shards), ("the number of training items", train.Count),
                ("the batch size", train.BatchSize), ("the order of items, as a hash,", RankAgreement.OrderOf(train)),
                ("the batches per step", AccumulateSteps), ("the number of epochs", epochs),
                ("the most steps (0 for no limit)", MaxSteps ?? 0),
                ("the number of numbers in the state", State().Sum(s => (long)s.Tensor.Shape.Size)),
                ("the number of validation items", Validation?.Count ?? 0),
                ("the number of test items", test?.Count ?? 0),
                ("the epochs between evaluations", EvaluateEvery), ("the epochs between tests", TestEvery),
                ("the patience (0 for none)", Patience ?? 0),
                ("whether a divergence is rolled back", RollbackFactor is null ? 0 : 1),
            ]);
            new StateBroadcast(this, group).Run(withBest: true);
        }

        sharded = new(model, train, optimizer, loss, plan, Others);
    }

    /// <summary>Whether training stops here. All processes ask at the same points.</summary>
    private bool AgreeToStop(CancellationToken cancellation) =>
        isStopAgreed = Others is { } group
            ? RankAgreement.Any(group, cancellation.IsCancellationRequested)
            : cancellation.IsCancellationRequested;

    /// <summary>Whether training stops, as far as all processes know.</summary>
    private bool IsStopped(CancellationToken cancellation) =>
        Others is null ? cancellation.IsCancellationRequested : isStopAgreed;

    /// <summary>Adds the gradients of a batch's shards.</summary>
    private void TrainShards(ShardedStep step, Batch shard, int number, EpochMetrics metrics, bool stop)
    {
        losses.Add(step.Run(shard, Plan.ItemsOf(number), Plan.StepItemsOf(number), stop));
        isStopAgreed = step.IsStopped;
        losses.Check(metrics, Plan, LearningRate);
    }
}

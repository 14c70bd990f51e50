using System.Globalization;
using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Optimizers;

namespace PyNetSharp.Training;

/// <summary>Trains a model: the loop over epochs and steps, and the order of what happens in it.</summary>
/// <remarks>
/// Each step does: forward; <see cref="DivergenceGuard"/>; backward; the optimizer's step; <see cref="Callbacks"/>;
/// <see cref="DeadReluDetector"/>. Each epoch ends with <see cref="PeriodicEvaluation"/>,
/// <see cref="BestWeights"/> and <see cref="Callbacks"/>. Those types know nothing of the trainer, and a loop of one's
/// own can use them as well. The results depend on the seeds alone, bit for bit, not on the number of threads.
/// <para>
/// On a GPU the host does not wait for a step. Losses and correct answers are stored there
/// (<see cref="BatchMetricsLog"/>) and read every <see cref="BatchMetricsLog.Capacity"/> steps, when a callback reads
/// them, and at the end of the epoch. So a loss that is not finite is found at most that many steps later, and the
/// weights restored are those of the last regular reading.
/// </para>
/// </remarks>
public sealed partial class Trainer
{
    private readonly Module model;
    private readonly DataLoader train;
    private readonly DataLoader? test;
    private readonly Optimizer optimizer;
    private readonly ILoss loss;
    private readonly LearningRateSchedule? schedule;
    private readonly float initialLearningRate;
    private readonly List<EpochRecord> history = [];        // of whole epochs
    private readonly TrainingChecks checks;
    private readonly LossMonitor losses;
    private readonly BestEpoch best;
    private EpochMetrics? running;          // of an epoch that is not whole
    private EpochRecord? part;              // with which training ended in it

    /// <summary>A trainer that has not begun.</summary>
    /// <param name="model">
    /// Outputs [N, classes] where each item has one label, otherwise what the loss takes; already on its device.
    /// </param>
    /// <param name="train">The training items.</param>
    /// <param name="test">The test items; null to compare epochs by their training accuracy or loss.</param>
    /// <param name="optimizer">Updates the model's parameters.</param>
    /// <param name="loss">The loss to minimize; null for cross-entropy against labels.</param>
    /// <param name="schedule">
    /// Sets the learning rate before each step, in steps, from what the optimizer's is now; null leaves it alone.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The model has no parameters, training and test items have targets of different kinds, or the targets are values
    /// and no loss was given.
    /// </exception>
    /// <exception cref="InputException">The model cannot learn from a batch of one, which an epoch has.</exception>
    public Trainer(
        Module model, DataLoader train, DataLoader? test, Optimizer optimizer,
        ILoss? loss = null, LearningRateSchedule? schedule = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(optimizer);
        (this.model, this.train, this.test, this.optimizer) = (model, train, test, optimizer);
        TrainingChecks.CheckTargets(train, test);
        (this.loss, this.schedule) = (TrainingChecks.LossFor(train, loss, "Trainer"), schedule);
        (initialLearningRate, Callbacks) = (optimizer.LearningRate, []);
        (losses, checks) = (new(model, train, test), new(model, train, optimizer));
        best = new(model, byLoss: !train.HasLabelPerItem) { DecidedBy = test is null ? DataPart.Train : DataPart.Test };
        checks.CheckSingleItemBatch(losses.LastGoodWeights);
    }

    /// <summary>
    /// The batches of one step, at least 1: their gradients are summed, each weighted by the batch's share of the
    /// step's items. So the step is that of one large batch; an epoch's last step has the batches that are left.
    /// </summary>
    /// <remarks>
    /// Batch normalization takes its statistics from each batch, and a loss whose mean is weighted itself, by classes
    /// or without ignored labels, counts by its items all the same.
    /// </remarks>
    public int AccumulateSteps { get; init => field = (int)CheckPositive(value); } = 1;

    /// <summary>The optimizer's steps of an epoch.</summary>
    public int StepsPerEpoch => Plan.StepsPerEpoch;

    /// <summary>
    /// Items that are neither trained on nor tested: they choose the <see cref="Best"/> epoch, and a
    /// <see cref="ReduceLROnPlateau"/> without a metric of its own looks at their loss. Null where the test items do.
    /// </summary>
    /// <exception cref="ArgumentException">Their targets are of another kind than the training items'.</exception>
    public DataLoader? Validation
    {
        get;
        init
        {
            TrainingChecks.CheckTargets(train, value, "validation");
            field = value;
            if (value is null) return;
            best.DecidedBy = DataPart.Validation;
            if (InnerSchedule is ReduceLROnPlateau plateau) plateau.LooksAtValidation = true;
        }
    }

    /// <summary>
    /// The loss that validation and test items are measured by; null for the loss that is minimized. For a loss that is
    /// made harder for training, as by label smoothing.
    /// </summary>
    public ILoss? EvaluationLoss { get; init; }

    /// <summary>
    /// The greatest norm of all gradients of a step, taken as one vector; a greater one is scaled down to it
    /// (<see cref="ClipGradNormExtensions"/>). Null for no limit.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive.</exception>
    public float? MaxGradientNorm
    {
        get;
        init => field = value is null or > 0 ? value : throw new ArgumentOutOfRangeException(
            nameof(value), value.Value.ToString(CultureInfo.InvariantCulture), "A positive number was expected.");
    }

    /// <summary>
    /// Training ends after the evaluation of an epoch that is this many epochs after the <see cref="Best"/> one, and is
    /// no better; null for no such end. It needs <see cref="Validation"/> items: test items that decide when to stop no
    /// longer measure what a model does on new ones.
    /// </summary>
    /// <seealso href="https://doi.org/10.1007/3-540-49430-8_3">Prechelt, 1998, early stopping</seealso>
    public int? Patience { get; init => field = value is { } epochs ? (int)CheckPositive(epochs) : null; }

    /// <summary>Whether training has ended, or would end at once, because of <see cref="Patience"/>.</summary>
    public bool HasStoppedEarly => History is [.., var last] && last.Step == (long)last.Epoch * StepsPerEpoch
        && PartsOf(last) is { Validation: true } done && (done.Test || test is null) && IsOutOfPatience(last.Epoch);

    /// <summary>
    /// The epochs from one evaluation to the next, at least 1; the last is evaluated too. On the validation items where
    /// there are some, and otherwise on the test items.
    /// </summary>
    public int EvaluateEvery { get; init => field = (int)CheckPositive(value); } = 1;

    /// <summary>
    /// Where there are validation items, the epochs from one evaluation on the test items to the next; 0 for the last
    /// epoch alone.
    /// </summary>
    public int TestEvery
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(
            nameof(value), value.ToString(CultureInfo.InvariantCulture), "0 or more was expected.");
    }

    /// <summary>Training ends after this many steps, even within an epoch; null for no such limit.</summary>
    public long? MaxSteps { get; init => field = value is { } steps ? CheckPositive(steps) : null; }

    /// <summary>
    /// After a loss that is not finite, training returns to its last copied state with a learning rate multiplied by
    /// this, above 0 and below 1, and goes on; at most <see cref="MaxRollbacks"/> times. Null to end it instead.
    /// </summary>
    /// <remarks>
    /// The state is copied at the start, at the end of each epoch, and for every checkpoint of a
    /// <see cref="CheckpointWriter"/>. Where that goes by time, so do the results. If training diverges again within
    /// two steps of that state, the checkpoint before it is restored, if there is one.
    /// </remarks>
    public double? RollbackFactor
    {
        get;
        init => field = value is null or (> 0 and < 1) ? value : throw new ArgumentOutOfRangeException(
            nameof(value), value.Value.ToString(CultureInfo.InvariantCulture),
            "A number between 0 and 1 was expected.");
    }

    /// <summary>Called at steps and epochs, in this order.</summary>
    public IReadOnlyList<ITrainingCallback> Callbacks { get; init => field = schedule.WithCallbacks(value); }

    /// <summary>Called after each evaluation that was not canceled, on the training thread.</summary>
    internal Action<DataPart, Evaluation>? Evaluated { get; init; }

    /// <summary>Training waits between two steps while it is closed; null if it never is.</summary>
    internal PauseGate? Gate { get; init; }

    /// <summary>The optimizer's steps done.</summary>
    public long Step { get; private set; }

    /// <summary>The results of all epochs; the last may be that of a part.</summary>
    public IReadOnlyList<EpochRecord> History => part is null ? history : [.. history, part];

    /// <summary>
    /// The epoch of the highest accuracy on the validation items, without any on the test items, without those on the
    /// training items; of the lowest loss where items have no labels. Null at first.
    /// </summary>
    public EpochRecord? Best => best.Epoch;

    /// <summary>The highest train accuracy of any epoch, 0 to 1.</summary>
    public double? BestTrainAccuracy => History.Max(epoch => epoch.TrainAccuracy);

    /// <summary>The highest validation accuracy of any epoch, 0 to 1.</summary>
    public double? BestValidationAccuracy => History.Max(epoch => epoch.ValidationAccuracy);

    /// <summary>The highest test accuracy of any epoch, 0 to 1.</summary>
    public double? BestTestAccuracy => History.Max(epoch => epoch.TestAccuracy);

    /// <summary>The rate as a double with the float's digits: 0.05, not 0.05000000074505806.</summary>
    private double LearningRate =>
        double.Parse(optimizer.LearningRate.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private AccumulationPlan Plan => field ??= new(train, AccumulateSteps);

    private PeriodicEvaluation? ValidationEvaluation => field ??= Validation is null ? null
        : new(model, Validation, EvaluationLoss ?? loss, EvaluateEvery) { Group = Others };

    private PeriodicEvaluation? TestEvaluation => field ??= test is null ? null
        : new(
            model, test, EvaluationLoss ?? loss,
            Validation is null ? EvaluateEvery : TestEvery > 0 ? TestEvery : int.MaxValue) { Group = Others };

    private LearningRateSchedule? InnerSchedule => schedule is LinearWarmupLR warmup ? warmup.Schedule : schedule;

    /// <summary>
    /// Trains until <paramref name="epochs"/> epochs or <see cref="MaxSteps"/> steps are done in all, or canceled.
    /// </summary>
    /// <param name="epochs">At least 1.</param>
    /// <param name="cancellation">Ends training after the current step, with the end of its epoch.</param>
    /// <exception cref="DivergenceException">A loss was not finite; the last good weights are restored.</exception>
    /// <exception cref="DeadReluException">The network outputs the same scores for every input.</exception>
    /// <exception cref="ShapeException">The model cannot take the items.</exception>
    /// <exception cref="InputException">
    /// The data can no longer be read, or the <see cref="Shards"/> do not fit the batches or the processes.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The optimizer trains none of the model's parameters, or <see cref="Patience"/> has no validation items.
    /// </exception>
    /// <remarks>
    /// Whatever is thrown within an epoch, the callbacks receive the epoch up to its last step. Modules that are
    /// frozen, and those in evaluation mode while the model around them is in training mode, stay so.
    /// </remarks>
    public void Run(int epochs, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        checks.CheckOptimizer();
        if (Patience is not null && Validation is null)
            throw new InvalidOperationException("Trainer: Patience needs Validation items to decide when to stop.");
        BeginSharding(epochs);
        if (checks.IsWholeModelInEvaluation) model.Train();
        isStateComplete = true;
        try
        {
            NotifyCheckpoint(CheckpointMoment.Start);
            while (!TryRunEpochs(epochs, cancellation))
            {
            }
        }
        catch (Exception)
        {
            NotifyEndAfterFault();
            throw;
        }

        NotifyCheckpoint(CheckpointMoment.End);
    }

    /// <summary>Puts the weights of the epoch <see cref="Best"/> back into the model.</summary>
    /// <exception cref="InvalidOperationException">There are none: an earlier run had the best epoch.</exception>
    public void RestoreBest() => best.RestoreWeights();

    private static long CheckPositive(long value) =>
        value >= 1 ? value : throw new ArgumentOutOfRangeException(
            nameof(value), value.ToString(CultureInfo.InvariantCulture), "At least 1 was expected.");
}

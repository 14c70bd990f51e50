using System.Globalization;

namespace PyNetSharp.Training;

/// <summary>Which values of a metric are better.</summary>
public enum PlateauMode
{
    /// <summary>Lower ones, as of a loss.</summary>
    Min,

    /// <summary>Higher ones, as of an accuracy.</summary>
    Max,
}

/// <summary>How much better a value must be to count as an improvement.</summary>
public enum ThresholdMode
{
    /// <summary>By a share of the best value.</summary>
    Relative,

    /// <summary>By a difference.</summary>
    Absolute,
}

/// <summary>The learning rate is reduced when a metric stops improving; PyTorch's rule.</summary>
/// <remarks>
/// <para>
/// As the schedule of a <see cref="Trainer"/> it reads the metric after each whole epoch. Alone:
/// <code>
/// plateau.Step(loss);                                 // after each epoch
/// optimizer.LearningRate = plateau.At(epoch, start);  // whatever the epoch
/// </code>
/// </para>
/// <para>
/// Its state belongs into the <see cref="Checkpoint"/> of a run that may be resumed. The metric is compared in single
/// precision, as the state keeps it.
/// </para>
/// </remarks>
public sealed class ReduceLROnPlateau : LearningRateSchedule, ITrainingCallback, ICheckpointed
{
    // The indices of the state
    private const int BestValue = 0, BadEpochs = 1, CooldownLeft = 2, ReductionCount = 3, LastEpoch = 4, PartEpoch = 5;

    private readonly PlateauMode mode;
    private readonly ThresholdMode thresholdMode;
    private readonly double factor, threshold;
    private readonly int patience, cooldown;
    private readonly float minRate;
    private readonly Func<EpochRecord, double?>? metric;
    private readonly Tensor state;
    private bool? isWholeEpoch;                 // after the last step of this epoch; null before the first

    /// <summary>A schedule that has seen no metric.</summary>
    /// <param name="mode">Which values are better.</param>
    /// <param name="factor">The factor of a reduction, above 0 and below 1.</param>
    /// <param name="patience">The epochs in a row without improvement that do not reduce the rate, from 0 up.</param>
    /// <param name="threshold">The least improvement that counts, from 0 up.</param>
    /// <param name="thresholdMode">Whether that is a share of the best value.</param>
    /// <param name="cooldown">The epochs after a reduction that do not count as bad, from 0 up.</param>
    /// <param name="minRate">The lowest learning rate, from 0 up; a group's is in proportion.</param>
    /// <param name="metric">
    /// What a trainer's epoch has; null for the loss on the validation items, or the training loss where the trainer
    /// has none. An epoch without it is skipped.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public ReduceLROnPlateau(
        PlateauMode mode = PlateauMode.Min, double factor = 0.1, int patience = 10, double threshold = 1e-4,
        ThresholdMode thresholdMode = ThresholdMode.Relative, int cooldown = 0, float minRate = 0,
        Func<EpochRecord, double?>? metric = null)
    {
        if (!Enum.IsDefined(mode))
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "Min or Max was expected.");
        if (!Enum.IsDefined(thresholdMode))
            throw new ArgumentOutOfRangeException(
                nameof(thresholdMode), thresholdMode, "Relative or Absolute was expected.");
        Check(factor > 0 && factor < 1, factor, nameof(factor), "The factor must be above 0 and below 1.");
        Check(patience >= 0, patience, nameof(patience), "The patience must not be negative.");
        Check(
            double.IsFinite(threshold) && threshold >= 0, threshold, nameof(threshold),
            "The threshold must be a number from 0 up.");
        Check(cooldown >= 0, cooldown, nameof(cooldown), "The cooldown must not be negative.");
        Check(
            float.IsFinite(minRate) && minRate >= 0, minRate, nameof(minRate),
            "The lowest learning rate must be a number from 0 up.");
        (this.mode, this.factor, this.patience, this.threshold) = (mode, factor, patience, threshold);
        (this.thresholdMode, this.cooldown, this.minRate) = (thresholdMode, cooldown, minRate);
        this.metric = metric;
        var worst = mode == PlateauMode.Min ? float.PositiveInfinity : float.NegativeInfinity;
        state = Tensor.From([6], [worst, 0, 0, 0, 0, 0]);
    }

    /// <summary>Whether validation items decide, where no metric was given.</summary>
    internal bool LooksAtValidation { private get; set; }

    /// <summary>The number of reductions so far.</summary>
    public int Reductions => (int)state.ToArray()[ReductionCount];

    /// <summary>The best value so far; infinite before the first.</summary>
    public double Best => state.ToArray()[BestValue];

    string ICheckpointed.Name => "plateau";

    /// <summary>Takes the metric of the next epoch into account.</summary>
    /// <param name="value">NaN is no improvement.</param>
    public void Step(double value)
    {
        var s = state.ToArray();
        Step((float)value, s);
        state.CopyFrom(s);
    }

    /// <summary><c>state</c>: the best value and the counts.</summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> State() => [("state", state)];

    void ITrainingCallback.OnEpochStart(int epoch) => isWholeEpoch = null;

    /// <remarks>The last step ends what was a part: a run that is stopped before the evaluation resumes so.</remarks>
    void ITrainingCallback.OnStepEnd(StepRecord step)
    {
        isWholeEpoch = step.Batch == step.Batches;
        if (isWholeEpoch != true) return;
        var s = state.ToArray();
        if ((int)s[PartEpoch] != step.Epoch) return;
        s[PartEpoch] = 0;
        state.CopyFrom(s);
    }

    /// <remarks>
    /// A part of an epoch does not count: the run that resumes reports the whole one. An epoch that is only evaluated
    /// again has no steps, and counts if it was whole and has not counted.
    /// </remarks>
    void ITrainingCallback.OnEpochEnd(EpochRecord epoch, bool isBest)
    {
        var s = state.ToArray();
        var isWhole = isWholeEpoch ?? (int)s[PartEpoch] != epoch.Epoch;
        s[PartEpoch] = isWhole ? 0 : epoch.Epoch;
        if (isWhole && (int)s[LastEpoch] != epoch.Epoch && Metric(epoch) is { } value)
        {
            Step((float)value, s);
            s[LastEpoch] = epoch.Epoch;
        }

        state.CopyFrom(s);
    }

    /// <inheritdoc/>
    protected override string Describe() => FormattableString.Invariant(
        $"mode={mode}, factor={factor}, patience={patience}, threshold={threshold}, threshold_mode={thresholdMode}, ") +
        FormattableString.Invariant($"cooldown={cooldown}, min_rate={minRate}");

    /// <inheritdoc/>
    protected override double Factor(long time) => Math.Pow(factor, Reductions);

    private protected override double Rate(long time, float start) =>
        Math.Min(start, Math.Max(start * Factor(time), minRate));

    private double? Metric(EpochRecord epoch) =>
        metric is not null ? metric(epoch) : LooksAtValidation ? epoch.ValidationLoss : epoch.TrainLoss;

    private void Step(float value, float[] s)
    {
        if (IsBetter(value, s[BestValue])) (s[BestValue], s[BadEpochs]) = (value, 0);
        else s[BadEpochs]++;

        if (s[CooldownLeft] > 0)
        {
            s[CooldownLeft]--;
            s[BadEpochs] = 0;
        }

        if (!(s[BadEpochs] > patience)) return;
        s[ReductionCount]++;
        (s[CooldownLeft], s[BadEpochs]) = (cooldown, 0);
    }

    private bool IsBetter(double value, double best) => (mode, thresholdMode) switch
    {
        (PlateauMode.Min, ThresholdMode.Relative) => value < best * (1 - threshold),
        (PlateauMode.Min, _) => value < best - threshold,
        (_, ThresholdMode.Relative) => value > best * (1 + threshold),
        _ => value > best + threshold,
    };

    private static void Check(bool isInRange, IFormattable value, string name, string rule)
    {
        if (!isInRange)
            throw new ArgumentOutOfRangeException(name, value.ToString(null, CultureInfo.InvariantCulture), rule);
    }
}

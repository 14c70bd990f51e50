using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Optimizers;

namespace PyNetSharp.Training;

/// <summary>
/// Finds a learning rate: trains for some steps with a rate that rises exponentially, and watches the loss.
/// </summary>
/// <seealso href="https://arxiv.org/abs/1506.01186">Smith, Cyclical Learning Rates, 2017, §3.3</seealso>
/// <seealso href="https://docs.fast.ai/callback.schedule.html">fastai's lr_find: smoothing, suggestions</seealso>
public sealed class LearningRateFinder
{
    private const int NoisyShare = 10;          // the first tenth, where the average is still of few losses
    private const int SlopeShare = 20;          // a slope is taken over a twentieth to both sides

    /// <summary>The first rate, above 0.</summary>
    public double From { get; init; } = 1e-7;

    /// <summary>The last rate, above <see cref="From"/>.</summary>
    public double To { get; init; } = 10;

    /// <summary>The steps from one to the other, at least 2.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>
    /// β of the exponential moving average of the losses, in [0, 1), whose start at 0 is corrected as Adam's is.
    /// </summary>
    public double Smoothing { get; init; } = 0.98;

    /// <summary>The search ends when the smoothed loss is more than this times the lowest so far; above 1.</summary>
    public double Divergence { get; init; } = 4;

    /// <summary>Searches. Afterwards the model's state and its random generators are as they were before.</summary>
    /// <param name="model">Its parameters are trained during the search.</param>
    /// <param name="train">The training items; after the last batch of an epoch comes the first of the next.</param>
    /// <param name="optimizer">Of the model's parameters, new: its state and its rate are not restored.</param>
    /// <param name="loss">The loss to minimize; null for cross-entropy against labels.</param>
    /// <param name="progress">Called after each step with the number of steps done.</param>
    /// <param name="cancellation">Ends the search after the current step.</param>
    /// <exception cref="ArgumentOutOfRangeException">A property is outside its range.</exception>
    /// <exception cref="ShapeException">The model cannot take the items.</exception>
    public LearningRateCurve Run(
        Module model, DataLoader train, Optimizer optimizer, ILoss? loss = null, IProgress<int>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(optimizer);
        Check();
        loss = TrainingChecks.LossFor(train, loss, nameof(LearningRateFinder));
        var state = new Snapshot(model);
        var generators = model.Generators().Select(g => (g.Rng, g.Rng.State)).ToArray();
        var isInEvaluation = !model.Descendants().Any(descendant => descendant.Module.Training);
        using var modes = isInEvaluation ? model.Evaluating() : default;       // restores them at the end
        if (isInEvaluation) model.Train();
        try
        {
            return Search(model, train, optimizer, loss, progress, cancellation);
        }
        finally
        {
            optimizer.ZeroGrad();
            state.Restore();
            foreach (var (rng, position) in generators) rng.State = position;
        }
    }

    private LearningRateCurve Search(
        Module model, DataLoader train, Optimizer optimizer, ILoss loss, IProgress<int>? progress,
        CancellationToken cancellation)
    {
        var points = new List<LearningRatePoint>();
        var (average, lowest) = (0.0, double.PositiveInfinity);
        foreach (var batch in Batches(train).Take(Steps))
        {
            if (cancellation.IsCancellationRequested) break;
            var rate = From * Math.Pow(To / From, points.Count / (Steps - 1.0));
            optimizer.LearningRate = (float)rate;
            optimizer.ZeroGrad();
            var value = loss.Forward(model.Forward(batch.X), batch.Target);
            var measured = (double)value.Item();
            average = Smoothing * average + (1 - Smoothing) * measured;
            var smoothed = average / (1 - Math.Pow(Smoothing, points.Count + 1));
            if (!double.IsFinite(smoothed) || smoothed > Divergence * lowest)
                return new(points, HasDiverged: true);
            points.Add(new(rate, measured, smoothed));
            lowest = Math.Min(lowest, smoothed);
            value.Backward();
            optimizer.Step();
            progress?.Report(points.Count);
        }

        return new(points, HasDiverged: false);
    }

    private static IEnumerable<Batch> Batches(DataLoader train)
    {
        for (var epoch = 1; ; epoch++)
            foreach (var batch in train.Epoch(epoch))
                yield return batch;
    }

    private void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(From);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(To, From);
        ArgumentOutOfRangeException.ThrowIfLessThan(Steps, 2);
        ArgumentOutOfRangeException.ThrowIfNegative(Smoothing);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(Smoothing, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Divergence, 1);
    }

    /// <summary>The rate at which a curve falls most steeply over the rate's logarithm.</summary>
    internal static double? Steepest(IReadOnlyList<LearningRatePoint> points)
    {
        var reach = Math.Max(1, points.Count / SlopeShare);
        var (first, last) = (points.Count / NoisyShare + reach, (Lowest(points) ?? 0) - reach);
        if (last <= first) return null;
        // Central differences: the rates' logarithms are equally far apart.
        var steepest = Enumerable.Range(first, last - first + 1).MinBy(Rise);
        return Rise(steepest) < 0 ? points[steepest].LearningRate : null;

        double Rise(int i) => points[i + reach].SmoothedLoss - points[i - reach].SmoothedLoss;
    }

    /// <summary>The index of the lowest smoothed loss; null if it is the first, so that no rate was better.</summary>
    internal static int? Lowest(IReadOnlyList<LearningRatePoint> points)
    {
        if (points.Count == 0) return null;
        var lowest = Enumerable.Range(0, points.Count).MinBy(i => points[i].SmoothedLoss);
        return lowest == 0 ? null : lowest;
    }
}

/// <summary>A step of a <see cref="LearningRateFinder"/>.</summary>
/// <param name="LearningRate">Its rate.</param>
/// <param name="Loss">The loss of its batch, before the step.</param>
/// <param name="SmoothedLoss">The exponential moving average of the losses until then.</param>
public sealed record LearningRatePoint(double LearningRate, double Loss, double SmoothedLoss);

/// <summary>How the loss followed rising learning rates.</summary>
/// <param name="Points">The steps, in order.</param>
/// <param name="HasDiverged">Whether the loss ended the search; otherwise the last rate was reached.</param>
public sealed record LearningRateCurve(IReadOnlyList<LearningRatePoint> Points, bool HasDiverged)
{
    /// <summary>
    /// The rate at which the smoothed loss falls most steeply over the rate's logarithm; null if it does not fall.
    /// </summary>
    public double? Steepest => LearningRateFinder.Steepest(Points);

    /// <summary>A tenth of the rate of the lowest smoothed loss; null if the loss did not fall.</summary>
    public double? MinimumOverTen =>
        LearningRateFinder.Lowest(Points) is { } lowest ? Points[lowest].LearningRate / 10 : null;
}

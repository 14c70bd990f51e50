using PyNetSharp.Data;

namespace PyNetSharp.Training;

/// <summary>Ends training at a loss that is not finite, and restores the weights of the last finite loss.</summary>
/// <remarks>
/// <code>
/// var guard = new DivergenceGuard(model);
/// …
///     var loss = model.Forward(x).CrossEntropy(labels);
///     guard.Update(loss.Item(), ++step);
///     guard.ThrowIfDiverged(optimizer.LearningRate, batch);
///     loss.Backward();
///     guard.KeepWeights(step);        // those of a finite loss, before the optimizer changes them
///     optimizer.Step();
/// </code>
/// Reading a loss makes the host wait for a GPU. There <see cref="IsDue"/> says when enough steps have passed to do so.
/// </remarks>
public sealed class DivergenceGuard
{
    private readonly Module model;
    private (long Step, double Loss)? firstNonFinite;
    private long keptStep;

    /// <summary>Keeps the weights that the model has now.</summary>
    public DivergenceGuard(Module model) => (this.model, LastGoodWeights) = (model, new(model));

    internal Snapshot LastGoodWeights { get; }

    /// <summary>Whether a loss was not finite.</summary>
    internal bool HasDiverged => firstNonFinite is not null;

    /// <summary>Whether the weights were last kept at least <paramref name="interval"/> steps before a step.</summary>
    /// <param name="step">The number of the step, from 1.</param>
    /// <param name="interval">In steps; at least 1.</param>
    public bool IsDue(long step, int interval) => step - keptStep >= interval;

    /// <summary>Takes the loss of the next step into account.</summary>
    /// <returns>Whether all losses so far are finite.</returns>
    public bool Update(double loss, long step)
    {
        if (!double.IsFinite(loss)) firstNonFinite ??= (step, loss);
        return firstNonFinite is null;
    }

    /// <summary>
    /// Takes the loss of an evaluation into account, unless only some of its items have a NaN among their scores: then
    /// the data are faulty, not the weights.
    /// </summary>
    /// <returns>Whether all losses so far are finite.</returns>
    public bool Update(Evaluation evaluation, long step)
    {
        ArgumentNullException.ThrowIfNull(evaluation);
        var isDataFault = evaluation.NanCount > 0 && evaluation.NanCount < evaluation.Count;
        return isDataFault ? firstNonFinite is null : Update(evaluation.Loss, step);
    }

    /// <summary>Keeps the weights that the model has now, in place of those kept before.</summary>
    /// <param name="step">The number of the step whose finite loss came from these weights, from 1.</param>
    public void KeepWeights(long step)
    {
        LastGoodWeights.Update();
        keptStep = step;
    }

    /// <summary>If a loss was not finite: restores the kept weights, forgets that loss, and throws.</summary>
    /// <param name="learningRate">The learning rate, for the message.</param>
    /// <param name="batch">The batch of that loss, or null: the message says whether it contains NaN itself.</param>
    /// <exception cref="DivergenceException">
    /// A loss was not finite. The message says whether the data or the parameters contain NaN or infinity.
    /// </exception>
    public void ThrowIfDiverged(double learningRate, Batch? batch = null) =>
        ThrowWithCause(learningRate, () => batch is null ? null : NonFinite.In(batch));

    /// <param name="learningRate">The learning rate.</param>
    /// <param name="findDataFault">Says what is wrong with the data, if it is; called only after such a loss.</param>
    internal void ThrowWithCause(double learningRate, Func<string?> findDataFault)
    {
        if (firstNonFinite is not var (step, loss)) return;
        var faultyWeights = NonFinite.In(model);
        LastGoodWeights.Restore();
        firstNonFinite = null;
        var cause = Cause(findDataFault(), NonFinite.In(model), faultyWeights);
        throw new DivergenceException(step, learningRate, loss, cause);
    }

    /// <param name="data">What is wrong with the data.</param>
    /// <param name="kept">What is wrong with the weights that were restored.</param>
    /// <param name="faulty">What was wrong with those of the loss.</param>
    private static string Cause(string? data, string? kept, string? faulty) =>
        data is not null ? $"{data}, which training cannot mend; correct or leave out such items."
        : kept is not null ? $"{kept}, and did so before; initialize or load it anew."
        : (faulty is null ? "" : $"{faulty} after the last update. ") +
            "Try a smaller learning rate, or a warm-up.";
}

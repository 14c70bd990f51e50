using PyNetSharp.Optimizers;

namespace PyNetSharp.Training;

/// <summary>
/// Updates an <see cref="ExponentialMovingAverage"/> after every step. The model is evaluated with the averaged
/// weights, and its best weights are those.
/// </summary>
/// <remarks>
/// The model itself goes on with its own weights, and has them when training ends; for the averaged ones use
/// <see cref="ExponentialMovingAverage.Apply"/>, or <see cref="Trainer.RestoreBest"/>.
/// <see cref="WeightsWriter"/> saves averaged weights if it is given the average.
/// <code>
/// var average = new ExponentialMovingAverage(model);
/// var trainer = new Trainer(model, train, test, optimizer)
/// {
///     Callbacks = [new AveragedWeights(average), new CheckpointWriter("run")],
/// };
/// </code>
/// On a GPU the steps after a loss that is not finite, up to its reading, reach the average.
/// </remarks>
/// <param name="average">Of the model that is trained.</param>
public sealed class AveragedWeights(ExponentialMovingAverage average) : ITrainingCallback, ICheckpointed
{
    string ICheckpointed.Name => "average";

    /// <inheritdoc/>
    public void OnStepEnd(StepRecord step) => average.Update();

    /// <inheritdoc/>
    public IDisposable ApplyEvaluationWeights() => average.Apply();

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, Tensor Tensor)> State() => average.State();
}

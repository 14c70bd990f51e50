using PyNetSharp.Optimizers;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>Writes the results of every epoch to the run's folder.</summary>
internal sealed class RunRecorder : ITrainingCallback
{
    private readonly string curvesPath, title;
    private readonly MetricsWriter metrics;
    private readonly ITrainingCallback[] writers;

    /// <param name="folder">The folder of a run that has begun.</param>
    /// <param name="model">The model that is trained.</param>
    /// <param name="title">The curves' title: "nin on cifar10".</param>
    /// <param name="metadata">The metadata of the weight files; null for none.</param>
    /// <param name="optimizer">The optimizer that trains the model; null for a run that cannot be resumed.</param>
    /// <param name="history">The epochs of a run that resumes; null for a new one.</param>
    /// <param name="others">What else has a state; null for nothing.</param>
    public RunRecorder(
        RunFolder folder, Module model, string title, IReadOnlyDictionary<string, string>? metadata = null,
        Optimizer? optimizer = null, IEnumerable<EpochRecord>? history = null,
        IReadOnlyList<ICheckpointed>? others = null)
    {
        (curvesPath, this.title) = (folder.CurvesPath, title);
        metrics = new(folder.MetricsPath, history);
        var weights = new WeightsWriter(model, folder.LastWeightsPath, folder.BestWeightsPath, metadata);
        // The checkpoint comes last: what a crash leaves incomplete is done again from the checkpoint before.
        writers = optimizer is null
            ? [metrics, weights]
            : [metrics, weights, new CheckpointWriter(folder.CheckpointPath, model, optimizer, others ?? [])];
    }

    /// <summary>Whether the files have all epochs so far; false after one could not be written.</summary>
    public bool IsUpToDate { get; private set; } = true;

    /// <inheritdoc/>
    /// <exception cref="InputException">A file cannot be written.</exception>
    public void OnEpochEnd(EpochRecord epoch, bool isBest)
    {
        IsUpToDate = false;
        foreach (var writer in writers) writer.OnEpochEnd(epoch, isBest);
        LearningCurves.Write(curvesPath, metrics.Epochs, title);
        IsUpToDate = true;
    }
}

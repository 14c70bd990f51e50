using PyNetSharp.Layers;
using PyNetSharp.Models;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>
/// Writes a run's event file for TensorBoard: after each epoch scalars, the first layer's filters, histograms of
/// weights and gradients; at the beginning the graph.
/// </summary>
/// <remarks>
/// The file has the epochs that the run has: those of a part that is done again, and after a rollback, are cut off.
/// What cannot be written does not end training: it is said once, and tried again after the next epoch.
/// </remarks>
/// <param name="path">The file, whose name must contain "tfevents".</param>
/// <param name="layers">Of the model.</param>
/// <param name="input">The shape of an item.</param>
/// <param name="say">Prints a line.</param>
internal sealed class EventWriter(string path, IReadOnlyList<LayerSummary> layers, Shape input, Action<string> say)
    : ITrainingCallback
{
    private Trainer? trainer;
    private EpochRecord? ended;                 // that is not written
    private long length;                        // of the file, up to its last whole record
    private bool hasFailed;

    public void OnEpochEnd(EpochRecord epoch, bool isBest) => ended = epoch;

    public void OnCheckpoint(Trainer trainer, CheckpointMoment moment)
    {
        this.trainer = trainer;
        if (moment == CheckpointMoment.Start) Try(CutAndBegin);
        if (ended is not { } epoch || moment == CheckpointMoment.Step) return;
        ended = null;
        Try(() => Append(EventMessage.Summary(Now(), epoch.Step, [.. Values(epoch)])));
    }

    public void OnRollback(Rollback rollback)
    {
        ended = null;
        Try(CutAndBegin);
    }

    /// <summary>Keeps the whole epochs that the trainer has, or begins the file.</summary>
    private void CutAndBegin()
    {
        var last = trainer!.Progress.Epochs is [.., var epoch] ? epoch.Step : 0;
        length = 0;
        if (File.Exists(path))
        {
            using var stream = File.OpenRead(path);
            while (EventRecord.Read(stream) is { } data && EventMessage.StepOf(data) <= last) length = stream.Position;
        }

        if (length > 0) Append([]);
        else Begin();
    }

    private void Begin()
    {
        Append(EventMessage.FileVersion(Now()));
        Append(EventMessage.Graph(Now(), Graph()));
    }

    /// <summary>Writes a record after the last whole one; none cuts what follows it.</summary>
    private void Append(byte[] data)
    {
        using var stream = new ObservedFile(path, FileMode.OpenOrCreate);
        if (stream.Length < length)             // someone has removed it
        {
            length = 0;
            stream.SetLength(0);
            foreach (var first in (byte[][])[EventMessage.FileVersion(Now()), EventMessage.Graph(Now(), Graph())])
                stream.Write(EventRecord.Frame(first));
            length = stream.Position;
        }

        stream.SetLength(length);
        stream.Position = length;
        if (data.Length > 0) stream.Write(EventRecord.Frame(data));
        stream.Flush();
        length = stream.Position;
    }

    private IEnumerable<byte[]> Values(EpochRecord epoch)
    {
        (string Tag, double? Value)[] scalars =
        [
            ("loss/train", epoch.TrainLoss), ("loss/validation", epoch.ValidationLoss), ("loss/test", epoch.TestLoss),
            ("accuracy/train", epoch.TrainAccuracy), ("accuracy/validation", epoch.ValidationAccuracy),
            ("accuracy/test", epoch.TestAccuracy), ("learning_rate", epoch.LearningRate),
            ("images_per_second", epoch.ImagesPerSecond), ("epoch", epoch.Epoch),
        ];
        foreach (var (tag, value) in scalars)
            if (value is { } number)
                yield return EventMessage.Scalar(tag, number);

        foreach (var (name, tensor) in trainer!.Model.State())
        {
            if (tensor is not Parameter parameter) continue;
            if (ValueHistogram.Of(tensor.ToArray()) is { } weights)
                yield return EventMessage.Histogram($"weights/{Slashes(name)}", weights);
            if (parameter.Grad is { } gradient && ValueHistogram.Of(gradient.ToArray()) is { } gradients)
                yield return EventMessage.Histogram($"gradients/{Slashes(name)}", gradients);
        }

        if (FirstConvolution() is not var (path, conv)) yield break;
        var picture = FilterPicture.Of(conv.Weight.ToArray(), conv.Weight.Shape);
        yield return EventMessage.Image(
            $"filters/{Slashes(path)}", picture.Width, picture.Height, picture.Channels, picture.ToPng());
    }

    /// <summary>The first convolution, if its filters are pictures.</summary>
    private (string Path, Conv2d Layer)? FirstConvolution()
    {
        var first = layers.FirstOrDefault(layer => layer.Module is Conv2d);
        var isPicture = first?.Module is Conv2d { Weight: var weight } && weight.Shape[1] is 1 or 3;
        return isPicture ? (first!.Path, (Conv2d)first.Module) : null;
    }

    /// <summary>The layers in the order of their calls, each reading the one before it.</summary>
    private IEnumerable<GraphNode> Graph()
    {
        var previous = "input";
        yield return new(previous, "Placeholder", [], [-1, .. input.Select(n => (long)n)]);
        foreach (var layer in layers.Where(layer => layer.IsLeaf && !layer.IsParameter))
        {
            var name = Slashes(layer.Path);
            var parameters = layer.Module.State().Where(state => state.Tensor is Parameter).ToArray();
            foreach (var (parameter, tensor) in parameters)
                yield return new($"{name}/{parameter}", "Variable", [], [.. tensor.Shape.Select(n => (long)n)]);
            yield return new(
                name, layer.Module.GetType().Name.Split('`')[0],
                [previous, .. parameters.Select(parameter => $"{name}/{parameter.Name}")],
                [-1, .. layer.Output.Skip(1).Select(n => (long)n)]);
            previous = name;
        }
    }

    private void Try(Action write)
    {
        try
        {
            write();
            hasFailed = false;
        }
        catch (Exception fault) when (fault is InputException || FileErrors.IsWriteError(fault))
        {
            if (!hasFailed)
                say($"warning: '{path}' cannot be written: {FileErrors.Describe(fault)} Training goes on; the next " +
                    "epoch tries again.");
            hasFailed = true;
        }
    }

    private static string Slashes(string path) => path.Replace('.', '/');

    private static double Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
}

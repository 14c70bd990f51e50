using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using PyNetSharp.Layers;
using PyNetSharp.Optimizers;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>Where a run leaves its settings, metrics, weights and curves.</summary>
public sealed class RunFolder
{
    private static readonly JsonSerializerOptions IndentedJson =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string requestedPath;
    private readonly bool isNumbered;           // whether another number will do where the folder is taken

    /// <summary>A folder for one run.</summary>
    /// <param name="path">A folder that holds no run; it is made when the run begins.</param>
    public RunFolder(string path) : this(path, isNumbered: false)
    {
    }

    private RunFolder(string path, bool isNumbered)
    {
        (requestedPath, this.isNumbered) = (path, isNumbered);
        Folder = isNumbered ? FindUnusedPath() : path;
    }

    /// <summary>The folder; settled when the run begins.</summary>
    public string Folder { get; private set; }

    /// <summary>All settings of the run.</summary>
    public string ConfigPath => Path.Combine(Folder, "config.json");

    /// <summary>One line per epoch; see <see cref="MetricsFile"/>.</summary>
    public string MetricsPath => Path.Combine(Folder, "metrics.jsonl");

    /// <summary>The last weights.</summary>
    public string LastWeightsPath => Path.Combine(Folder, "model.safetensors");

    /// <summary>The weights of the best epoch.</summary>
    public string BestWeightsPath => Path.Combine(Folder, "best.safetensors");

    /// <summary>What it takes to go on with the run; see <see cref="Checkpoint"/>.</summary>
    public string CheckpointPath => Path.Combine(Folder, "checkpoint.safetensors");

    /// <summary>The picture of loss and accuracies.</summary>
    public string CurvesPath => Path.Combine(Folder, "curves.svg");

    /// <summary>
    /// A folder <c>parent/name</c>, or <c>parent/name-2</c> and so on where there is one, now or when the run begins.
    /// </summary>
    public static RunFolder CreateUnique(string parent, string name) => new(Path.Combine(parent, name), isNumbered: true);

    /// <summary>Sees that a run may go here, without changing anything.</summary>
    /// <exception cref="InputException">The folder holds a run, or it cannot be made.</exception>
    public void ThrowIfUsed()
    {
        foreach (var file in (string[])[ConfigPath, MetricsPath, LastWeightsPath, BestWeightsPath, CheckpointPath, CurvesPath])
            if (!isNumbered && Path.Exists(file))
                throw UsedError(file);

        var above = GetFullPath();
        while (above is not null && !Path.Exists(above)) above = Path.GetDirectoryName(above);
        if (File.Exists(above)) throw new InputException($"The folder '{Folder}' cannot be made: '{above}' is a file.");
    }

    private string? GetFullPath()
    {
        try
        {
            return Path.GetFullPath(Folder);
        }
        catch (IOException fault)               // the working folder is gone
        {
            throw new InputException($"The folder '{Folder}' cannot be made: {fault.Message}", fault);
        }
    }

    /// <summary>
    /// Makes the folder and writes the settings, which also shows that it can be written, and makes it this run's: of
    /// several that begin at once, one has it.
    /// </summary>
    /// <exception cref="InputException">The folder holds a run, or it cannot be made or written.</exception>
    public void Create(JsonObject config)
    {
        ArgumentNullException.ThrowIfNull(config);
        ThrowIfUsed();
        while (!TryCreate(config))
        {
            if (!isNumbered) throw UsedError(ConfigPath);
            Folder = FindUnusedPath();
        }
    }

    /// <summary>Undoes <see cref="Create"/> for a run that came to nothing, so that the folder is free for another try.</summary>
    public void DeleteIfEmpty()
    {
        if (Path.Exists(MetricsPath)) return;
        try
        {
            File.Delete(ConfigPath);
            if (!Directory.EnumerateFileSystemEntries(Folder).Any()) Directory.Delete(Folder);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The fault that ended the run is the one worth reporting.
        }
    }

    /// <summary>Writes the settings of a run that goes on.</summary>
    /// <exception cref="InputException">They cannot be written.</exception>
    public void UpdateConfig(JsonObject config) => AtomicFile.Write(ConfigPath, stream => Write(stream, config));

    /// <summary>Keeps other processes from going on with the run until the result is disposed, or this process ends.</summary>
    /// <exception cref="InputException">Another process has the run.</exception>
    public IDisposable Lock()
    {
        try
        {
            return new FileStream(
                Path.Combine(Folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"The run in '{Folder}' cannot be had: {fault.Message} Does another process go on with it?", fault);
        }
    }

    /// <summary>Puts model and optimizer back to where the run's checkpoint has them.</summary>
    /// <returns>What the epochs came to until then; the last may have been begun only.</returns>
    /// <exception cref="InputException">There is no checkpoint, it does not fit, or the run had diverged.</exception>
    public IReadOnlyList<EpochRecord> LoadCheckpoint(Module model, Optimizer optimizer)
    {
        var epochs = File.Exists(MetricsPath) ? MetricsFile.Read(MetricsPath) : [];
        if (epochs.FirstOrDefault(epoch => !double.IsFinite(epoch.TrainLoss)) is { } last)
            throw new InputException(
                $"The run in '{Folder}' diverged in epoch {last.Epoch} and would again. Begin another with a smaller learning rate; " +
                "--weights takes this one's.");

        if (!File.Exists(CheckpointPath))
            throw new InputException($"The folder '{Folder}' holds no run that can go on: there is no {Path.GetFileName(CheckpointPath)}.");

        AtomicFile.DeleteTemporaryFiles(Folder);
        var step = Checkpoint.Load(CheckpointPath, model, optimizer);
        EpochRecord[] until = [.. epochs.TakeWhile(epoch => epoch.Step <= step)];
        if (until is not [.., var end] || end.Step != step)
            throw new InputException($"'{MetricsPath}' has no epoch that ends at step {step}, where the checkpoint was taken.");
        if (until.Length < epochs.Count) MetricsFile.Write(MetricsPath, until);
        return until;
    }

    /// <summary>Only one can make a new file of a name, so whose settings these are has the folder.</summary>
    private bool TryCreate(JsonObject config)
    {
        var made = false;
        try
        {
            Directory.CreateDirectory(Folder);
            using var stream = new FileStream(ConfigPath, FileMode.CreateNew);
            made = true;
            Write(stream, config);
            stream.Flush(flushToDisk: true);
            return true;
        }
        catch (Exception fault) when (FileErrors.IsWriteError(fault))
        {
            if (made) File.Delete(ConfigPath);
            else if (File.Exists(ConfigPath)) return false;
            throw new InputException(
                $"The folder '{Folder}' cannot be made or written: {FileErrors.Describe(fault)}", fault);
        }
    }

    private static void Write(Stream stream, JsonObject config)
    {
        JsonSerializer.Serialize(stream, config, IndentedJson);
        stream.WriteByte((byte)'\n');
    }

    private string FindUnusedPath()
    {
        var path = requestedPath;
        for (var i = 2; Path.Exists(path); i++) path = $"{requestedPath}-{i}";
        return path;
    }

    private InputException UsedError(string file) =>
        new($"The folder '{Folder}' already holds a run ({Path.GetFileName(file)}); choose another.");
}

using PyNetSharp.Layers;
using PyNetSharp.Optimizers;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>The folder of a run's settings, metrics, weights and curves.</summary>
internal sealed class RunFolder
{
    private readonly string requestedPath;
    private readonly bool isNumbered;           // whether a folder that exists already is avoided by a number

    /// <summary>A folder for one run.</summary>
    /// <param name="path">A folder that holds no run; it is created when the run begins.</param>
    public RunFolder(string path) : this(path, isNumbered: false)
    {
    }

    private RunFolder(string path, bool isNumbered)
    {
        (requestedPath, this.isNumbered) = (path, isNumbered);
        Folder = isNumbered ? FindUnusedPath() : path;
    }

    /// <summary>The folder; final once the run has begun.</summary>
    public string Folder { get; private set; }

    /// <summary>All settings of the run.</summary>
    public string ConfigPath => Path.Combine(Folder, "config.json");

    /// <summary>One line per epoch; see <see cref="MetricsFile"/>.</summary>
    public string MetricsPath => Path.Combine(Folder, "metrics.jsonl");

    /// <summary>The last weights.</summary>
    public string LastWeightsPath => Path.Combine(Folder, "model.safetensors");

    /// <summary>The weights of the best epoch.</summary>
    public string BestWeightsPath => Path.Combine(Folder, "best.safetensors");

    /// <summary>The state from which the run resumes; see <see cref="Checkpoint"/>.</summary>
    public string CheckpointPath => Path.Combine(Folder, "checkpoint.safetensors");

    /// <summary>The chart of loss and accuracies.</summary>
    public string CurvesPath => Path.Combine(Folder, "curves.svg");

    /// <summary>
    /// A folder <c>parent/name</c>, or <c>parent/name-2</c> and so on if that exists, now or when the run begins.
    /// </summary>
    public static RunFolder CreateUnique(string parent, string name) =>
        new(Path.Combine(parent, name), isNumbered: true);

    /// <summary>Checks that a run can begin here, without changing anything.</summary>
    /// <exception cref="InputException">The folder holds a run, or cannot be created.</exception>
    public void ThrowIfUsed()
    {
        string[] files = [ConfigPath, MetricsPath, LastWeightsPath, BestWeightsPath, CheckpointPath, CurvesPath];
        if (!isNumbered && files.FirstOrDefault(Path.Exists) is { } file) throw UsedError(file);

        var above = GetFullPath();
        while (above is not null && !Path.Exists(above)) above = Path.GetDirectoryName(above);
        if (File.Exists(above))
            throw new InputException($"The folder '{Folder}' cannot be created: '{above}' is a file.");
    }

    private string? GetFullPath()
    {
        try
        {
            return Path.GetFullPath(Folder);
        }
        catch (IOException fault)               // the working folder is gone
        {
            throw new InputException($"The folder '{Folder}' cannot be created: {fault.Message}", fault);
        }
    }

    /// <summary>
    /// Creates the folder and writes the settings, which also shows that it can be written. Of several runs that begin
    /// at once, only one gets the folder.
    /// </summary>
    /// <exception cref="InputException">The folder holds a run, or cannot be created or written.</exception>
    public void Create(RunConfig config)
    {
        ThrowIfUsed();
        while (!TryCreate(config))
        {
            if (!isNumbered) throw UsedError(ConfigPath);
            Folder = FindUnusedPath();
        }
    }

    /// <summary>Undoes <see cref="Create"/> for a run without results, so that the folder can be used again.</summary>
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
            // The fault that ended the run is reported instead.
        }
    }

    /// <summary>Writes the settings of a run that resumes.</summary>
    /// <exception cref="InputException">They cannot be written.</exception>
    public void UpdateConfig(RunConfig config) =>
        AtomicFile.Write(ConfigPath, stream => RunConfigFile.Write(stream, config));

    /// <summary>Reads the settings of a run that resumes.</summary>
    /// <exception cref="InputException">There are none, or they are faulty.</exception>
    public RunConfig ReadConfig() => File.Exists(ConfigPath)
        ? RunConfigFile.Read(ConfigPath)
        : throw new InputException($"The folder '{Folder}' holds no run: there is no config.json.");

    /// <summary>Keeps other processes from resuming the run until disposal, or the end of this process.</summary>
    /// <exception cref="InputException">Another process has the run.</exception>
    public IDisposable Lock()
    {
        try
        {
            return new FileStream(
                Path.Combine(Folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1,
                FileOptions.DeleteOnClose);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"The run in '{Folder}' cannot be locked: {fault.Message} Does another process train it?", fault);
        }
    }

    /// <summary>Restores model, optimizer and what else has a state from the run's checkpoint.</summary>
    /// <returns>The results of the epochs until then; the last may be incomplete.</returns>
    /// <exception cref="InputException">There is no checkpoint, it does not fit, or the run had diverged.</exception>
    public IReadOnlyList<EpochRecord> LoadCheckpoint(
        Module model, Optimizer optimizer, params IReadOnlyList<ICheckpointed> others)
    {
        var epochs = File.Exists(MetricsPath) ? MetricsFile.Read(MetricsPath) : [];
        if (epochs.FirstOrDefault(epoch => !double.IsFinite(epoch.TrainLoss)) is { } last)
            throw new InputException(
                $"The run in '{Folder}' diverged in epoch {last.Epoch} and would again. Begin another with a smaller " +
                "learning rate; --weights takes this one's.");

        if (!File.Exists(CheckpointPath))
            throw new InputException(
                $"The run in '{Folder}' cannot be resumed: there is no {Path.GetFileName(CheckpointPath)}.");

        AtomicFile.DeleteTemporaryFiles(Folder);
        var step = Checkpoint.Load(CheckpointPath, model, optimizer, others);
        EpochRecord[] until = [.. epochs.TakeWhile(epoch => epoch.Step <= step)];
        if (until is not [.., var end] || end.Step != step)
            throw new InputException(
                $"'{MetricsPath}' has no epoch that ends at step {step}, where the checkpoint was saved.");
        if (until.Length < epochs.Count) MetricsFile.Write(MetricsPath, until);
        return until;
    }

    /// <summary>Only one process can create a new file of a name: the folder belongs to the one that did.</summary>
    private bool TryCreate(RunConfig config)
    {
        var created = false;
        try
        {
            Directory.CreateDirectory(Folder);
            using var stream = new FileStream(ConfigPath, FileMode.CreateNew);
            created = true;
            RunConfigFile.Write(stream, config);
            stream.Flush(flushToDisk: true);
            return true;
        }
        catch (Exception fault) when (FileErrors.IsWriteError(fault))
        {
            if (created) File.Delete(ConfigPath);
            else if (File.Exists(ConfigPath)) return false;
            throw new InputException(
                $"The folder '{Folder}' cannot be created or written: {FileErrors.Describe(fault)}", fault);
        }
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

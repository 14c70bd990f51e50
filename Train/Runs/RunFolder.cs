using PyNetSharp.Layers;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>The folder of a run's settings, checkpoints, metrics, weights, curves and report.</summary>
/// <remarks>
/// The checkpoints alone decide how a run resumes. Metrics, weights and curves are derived from what is in them, and
/// written anew when it does. One process at a time writes: it has the lock, which is taken before anything else.
/// </remarks>
internal sealed partial class RunFolder : IDisposable
{
    private readonly string requestedPath;
    private readonly bool isNumbered;           // whether a folder that exists already is avoided by a number
    private RunLock? runLock;
    private RunConfig? config;                  // as last written

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

    /// <summary>The checkpoint of earlier versions, which had one.</summary>
    public string OldCheckpointPath => Path.Combine(Folder, "checkpoint.safetensors");

    /// <summary>The chart of loss and accuracies.</summary>
    public string CurvesPath => Path.Combine(Folder, "curves.svg");

    /// <summary>The page of the run.</summary>
    public string ReportPath => Path.Combine(Folder, "report.html");

    /// <summary>The events for TensorBoard.</summary>
    public string EventsPath => Path.Combine(Folder, "events.out.tfevents.pynet");

    /// <summary>The settings as they were last read or written; null before.</summary>
    public RunConfig? Config => config;

    /// <summary>Whether the folder holds a run that can be resumed, if only from its beginning.</summary>
    public bool HoldsRun => File.Exists(ConfigPath) && (!RunConfigFile.IsIncomplete(ConfigPath) || HasCheckpoint);

    /// <summary>Whether metrics, last weights and curves are there.</summary>
    public bool HasResults => ((string[])[MetricsPath, LastWeightsPath, CurvesPath]).All(File.Exists);

    private string[] DerivedFiles => [MetricsPath, LastWeightsPath, BestWeightsPath, CurvesPath, ReportPath];

    /// <summary>
    /// A folder <c>parent/name</c>, or <c>parent/name-2</c> and so on if that exists, now or when the run begins.
    /// </summary>
    public static RunFolder CreateUnique(string parent, string name) =>
        new(Path.Combine(parent, name), isNumbered: true);

    /// <summary>Checks that a run can begin here, without changing anything.</summary>
    /// <exception cref="InputException">The folder holds a run, or cannot be created.</exception>
    public void ThrowIfUsed()
    {
        if (!isNumbered && FindUsedFile() is { } file) throw UsedError(file);

        var above = GetFullPath();
        while (above is not null && !Path.Exists(above)) above = Path.GetDirectoryName(above);
        if (File.Exists(above))
            throw new InputException($"The folder '{Folder}' cannot be created: '{above}' is a file.");
    }

    /// <summary>
    /// Creates the folder, locks it and writes the settings, which also shows that it can be written. Of several runs
    /// that begin at once, only one gets the folder.
    /// </summary>
    /// <exception cref="InputException">The folder holds a run, is in use, or cannot be written.</exception>
    public void Create(RunConfig config)
    {
        ThrowIfUsed();
        while (!TryCreate(config)) Folder = FindUnusedPath();
    }

    /// <summary>Locks the folder of a run that resumes, and removes what a killed process left half-written.</summary>
    /// <exception cref="InputException">Another process has the run, or the folder cannot be written.</exception>
    public void Lock()
    {
        try
        {
            runLock = RunLock.Take(Folder);
            AtomicFile.DeleteTemporaryFiles(Folder);
        }
        catch (Exception fault) when (FileErrors.IsWriteError(fault))
        {
            throw new InputException(
                $"The run in '{Folder}' cannot be locked: {FileErrors.Describe(fault)}", fault);
        }
    }

    /// <summary>Undoes <see cref="Create"/> for a run without results, so that the folder can be used again.</summary>
    public void DeleteIfEmpty()
    {
        var checkpoints = CheckpointFolder.Find(Folder);
        if (Path.Exists(MetricsPath) || WeightsHistory.Find(Folder).Any()
            || checkpoints.Any(checkpoint => checkpoint.Step > 0)) return;
        try
        {
            foreach (var (_, path) in checkpoints) FileOperations.Delete(path);
            FileOperations.Delete(ConfigPath);
            FileOperations.Delete(EventsPath);
            Dispose();
            if (!Directory.EnumerateFileSystemEntries(Folder).Any()) FileOperations.DeleteEmptyFolder(Folder);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The fault that ended the run is reported instead.
        }
    }

    /// <summary>Creates the folder again if it has vanished, with lock and settings.</summary>
    /// <returns>Whether it had.</returns>
    /// <exception cref="InputException">It cannot be created, or has become that of another run.</exception>
    public bool Recreate()
    {
        if (config is null || (runLock?.IsInPlace == true && File.Exists(ConfigPath))) return false;
        try
        {
            FileOperations.CreateFolder(Folder);
            if (runLock?.IsInPlace != true)
            {
                Dispose();
                runLock = RunLock.Take(Folder);
                if (HasOtherConfig(config))
                {
                    Dispose();
                    throw new InputException($"The folder '{Folder}' has become that of another run.");
                }
            }

            UpdateConfig(config);
            return true;
        }
        catch (Exception fault) when (FileErrors.IsWriteError(fault))
        {
            throw CreationError(fault);
        }
    }

    /// <summary>Another folder for the same run, under the system's folder for temporary files.</summary>
    /// <exception cref="InputException">It cannot be created.</exception>
    public RunFolder CreateElsewhere()
    {
        var name = $"pynet-{Path.GetFileName(Path.TrimEndingDirectorySeparator(GetFullPath()!))}";
        var path = Path.Combine(Path.GetTempPath(), name);
        var number = 1;
        while (Path.Exists($"{path}-{number}")) number++;
        var other = new RunFolder($"{path}-{number}");
        other.Create(config!);
        return other;
    }

    /// <summary>Writes the settings of a run that resumes.</summary>
    /// <exception cref="InputException">They cannot be written.</exception>
    public void UpdateConfig(RunConfig config)
    {
        this.config = config;
        AtomicFile.Write(ConfigPath, stream => RunConfigFile.Write(stream, config));
    }

    /// <summary>Reads the settings of a run that resumes.</summary>
    /// <exception cref="InputException">There are none, or they are faulty.</exception>
    public RunConfig ReadConfig()
    {
        if (!File.Exists(ConfigPath))
            throw new InputException($"The folder '{Folder}' holds no run: there is no config.json.");
        config = RunConfigFile.Read(ConfigPath);
        return config;
    }

    /// <summary>Takes the settings of a run whose folder another rank has.</summary>
    /// <param name="text">What is in its file.</param>
    /// <exception cref="InputException">They are faulty.</exception>
    public void ReadConfig(string text) => config = RunConfigFile.Parse(text, ConfigPath);

    /// <summary>Deletes metrics, weights, curves and report, which a run at its beginning does not have.</summary>
    public void DeleteDerivedFiles()
    {
        foreach (var file in DerivedFiles) FileOperations.Delete(file);
    }

    /// <summary>Frees the lock.</summary>
    public void Dispose()
    {
        runLock?.Dispose();
        runLock = null;
    }

    private bool TryCreate(RunConfig config)
    {
        var isNew = !Directory.Exists(Folder);
        try
        {
            FileOperations.CreateFolder(Folder);
            runLock = RunLock.Take(Folder);
            if (FindUsedFile() is { } file)
            {
                Dispose();
                return isNumbered ? false : throw UsedError(file);
            }

            AtomicFile.DeleteTemporaryFiles(Folder);
            UpdateConfig(config);
            return true;
        }
        catch (InputException) when (runLock is null)
        {
            if (isNumbered) return false;           // in use, or it holds a run
            throw;
        }
        catch (Exception fault) when (fault is InputException || FileErrors.IsWriteError(fault))
        {
            Dispose();
            if (isNew) TryDeleteFolder();
            throw CreationError(fault.InnerException ?? fault);
        }
    }

    private void TryDeleteFolder()
    {
        try
        {
            FileOperations.DeleteEmptyFolder(Folder);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The fault that kept the run from beginning is reported instead.
        }
    }

    /// <summary>A file that only a run has; settings that a killed process left incomplete do not count.</summary>
    private string? FindUsedFile() =>
        DerivedFiles.Append(OldCheckpointPath).FirstOrDefault(Path.Exists)
        ?? CheckpointFolder.Find(Folder).Select(checkpoint => checkpoint.Path).FirstOrDefault()
        ?? WeightsHistory.Find(Folder).Select(weights => weights.Path).FirstOrDefault()
        ?? (Path.Exists(ConfigPath) && !RunConfigFile.IsIncomplete(ConfigPath) ? ConfigPath : null);

    private bool HasOtherConfig(RunConfig ours)
    {
        if (!File.Exists(ConfigPath) || RunConfigFile.IsIncomplete(ConfigPath)) return false;
        using var expected = new MemoryStream();
        RunConfigFile.Write(expected, ours);
        return !File.ReadAllBytes(ConfigPath).AsSpan().SequenceEqual(expected.ToArray());
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

    private string FindUnusedPath()
    {
        var path = requestedPath;
        for (var i = 2; Path.Exists(path); i++) path = $"{requestedPath}-{i}";
        return path;
    }

    private InputException CreationError(Exception fault) =>
        new($"The folder '{Folder}' cannot be created or written: {FileErrors.Describe(fault)}", fault);

    private InputException UsedError(string file) =>
        new($"The folder '{Folder}' already holds a run ({Path.GetFileName(file)}); choose another." +
            (HoldsRun ? $" To continue that one: {ShellCommand.Resume(Folder)}" : ""));
}

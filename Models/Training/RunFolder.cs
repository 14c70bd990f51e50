using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PyNetSharp;

/// <summary>Where a run leaves its settings, metrics, weights and curves.</summary>
/// <param name="path">A folder that holds no run; it is made when the run begins.</param>
public sealed class RunFolder(string path)
{
    private static readonly JsonSerializerOptions Readable =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The folder.</summary>
    public string Folder { get; } = path;

    /// <summary>All settings of the run.</summary>
    public string Config => Path.Combine(Folder, "config.json");

    /// <summary>One line per epoch; see <see cref="MetricsFile"/>.</summary>
    public string Metrics => Path.Combine(Folder, "metrics.jsonl");

    /// <summary>The last weights.</summary>
    public string Last => Path.Combine(Folder, "model.safetensors");

    /// <summary>The weights of the best epoch.</summary>
    public string Best => Path.Combine(Folder, "best.safetensors");

    /// <summary>The picture of loss and accuracies.</summary>
    public string Curves => Path.Combine(Folder, "curves.svg");

    /// <summary>A folder <c>parent/name</c>, or <c>parent/name-2</c> and so on where there is one.</summary>
    public static RunFolder Under(string parent, string name)
    {
        var path = Path.Combine(parent, name);
        for (var i = 2; Path.Exists(path); i++) path = Path.Combine(parent, $"{name}-{i}");
        return new(path);
    }

    /// <summary>Sees that a run may go here, without changing anything.</summary>
    /// <exception cref="InputException">The folder holds a run, or it cannot be made.</exception>
    public void CheckFree()
    {
        foreach (var file in (string[])[Config, Metrics, Last, Best, Curves])
            if (Path.Exists(file))
                throw new InputException(
                    $"The folder '{Folder}' already holds a run ({Path.GetFileName(file)}); choose another.");

        var above = Path.GetFullPath(Folder);
        while (above is not null && !Path.Exists(above)) above = Path.GetDirectoryName(above);
        if (File.Exists(above)) throw new InputException($"The folder '{Folder}' cannot be made: '{above}' is a file.");
    }

    /// <summary>Makes the folder and writes the settings, which also shows that it can be written.</summary>
    /// <exception cref="InputException">The folder holds a run, or it cannot be made or written.</exception>
    public void Begin(JsonObject config)
    {
        ArgumentNullException.ThrowIfNull(config);
        CheckFree();
        try
        {
            Directory.CreateDirectory(Folder);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"The folder '{Folder}' cannot be made: {fault.Message}", fault);
        }

        AtomicFile.Write(Config, stream =>
        {
            JsonSerializer.Serialize(stream, config, Readable);
            stream.WriteByte((byte)'\n');
        });
    }
}

using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using PyNetSharp.Layers;

namespace PyNetSharp.Benchmarks;

/// <summary>What a command measured, on which machine, when and with which versions; checked in per machine.</summary>
/// <param name="Versions">Of everything that was timed.</param>
/// <param name="Date">Year, month and day.</param>
internal sealed record ResultFile<TRow>(
    Machine Machine, IReadOnlyList<string> Versions, string Date, IReadOnlyList<TRow> Rows)
{
    private static readonly JsonSerializerOptions IndentedJson =
        new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ResultFile<TRow> Create(IReadOnlyList<string> versions, IReadOnlyList<TRow> rows) =>
        new(Machine.Current, versions, DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), rows);

    public static ResultFile<TRow> Read(string path) =>
        JsonSerializer.Deserialize<ResultFile<TRow>>(File.ReadAllText(path), IndentedJson)
        ?? throw new InvalidDataException($"{path} is empty.");

    /// <summary>
    /// Replaces the file as a whole, so that commands may write it after every row, and a stopped one loses none.
    /// </summary>
    public void Write(string path)
    {
        if (Path.GetDirectoryName(path) is { Length: > 0 } folder) Directory.CreateDirectory(folder);
        AtomicFile.Write(path, stream =>
        {
            JsonSerializer.Serialize(stream, this, IndentedJson);
            stream.WriteByte((byte)'\n');
        });
    }
}

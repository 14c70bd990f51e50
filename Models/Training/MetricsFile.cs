using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using PyNetSharp.Layers;

namespace PyNetSharp.Training;

/// <summary>The history of a run on disk: one JSON object per line and epoch, as in <c>metrics.jsonl</c>.</summary>
/// <remarks>
/// JSON has no NaN or infinity: such a number is written as null, and null is read as NaN. In a loop of one's own, an
/// <see cref="EpochMetrics"/> has the numbers:
/// <code>
/// MetricsFile.Append("metrics.jsonl", metrics.ToEpochRecord(step, optimizer.LearningRate, testAccuracy));
/// </code>
/// </remarks>
public static class MetricsFile
{
    private const int MaxBytes = 64 << 20;      // 250,000 epochs

    private static readonly MetricsJson Json = new(Options());

    /// <summary>How numbers and names are written in metrics, and in what checkpoints say of them.</summary>
    internal static JsonSerializerOptions Options() => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectRequiredConstructorParameters = true,
        Converters = { new FiniteOrNull() },
    };

    /// <summary>Appends an epoch, and flushes it to the disk before returning.</summary>
    /// <remarks>An incomplete last line, as after a crash, is replaced; one that only lacks its end gets it.</remarks>
    /// <param name="path">The file, created if it is missing; its folder must exist.</param>
    /// <param name="epoch">The epoch to append.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Append(string path, EpochRecord epoch)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(epoch);
        var line = ToJsonLine(epoch);
        try
        {
            var (length, lacksNewline) = FindEnd(path);
            using var stream = new ObservedFile(path, FileMode.OpenOrCreate);
            stream.SetLength(length);
            stream.Position = length;
            Append(stream, lacksNewline ? [(byte)'\n', .. line] : line);
        }
        catch (Exception fault) when (FileErrors.IsWriteError(fault))
        {
            throw new InputException($"'{path}' cannot be written: {FileErrors.Describe(fault)}", fault);
        }
    }

    /// <summary>A line that cannot be written whole is removed, so that the next does not follow a part.</summary>
    private static void Append(FileStream stream, byte[] line)
    {
        var end = stream.Position;
        try
        {
            stream.Write(line);
            stream.Flush(flushToDisk: true);
        }
        catch (Exception fault) when (FileErrors.IsWriteError(fault))
        {
            TryCut(stream, end);
            throw;
        }
    }

    private static void TryCut(FileStream stream, long end)
    {
        try
        {
            stream.SetLength(end);
        }
        catch (Exception fault) when (FileErrors.IsWriteError(fault))
        {
            // The first error is the one to report; the next append cuts the part off.
        }
    }

    /// <summary>The length up to which the file consists of epochs, and whether the last lacks its newline.</summary>
    private static (long Length, bool LacksNewline) FindEnd(string path)
    {
        if (!File.Exists(path)) return (0, false);
        using var file = File.OpenHandle(path);
        var length = RandomAccess.GetLength(file);
        var end = (int)Math.Min(length, 4096);          // longer than any line of ours
        var bytes = new byte[end];
        var read = RandomAccess.Read(file, bytes, length - end);
        var rest = bytes.AsSpan(0, read);
        rest = rest[(rest.LastIndexOf((byte)'\n') + 1)..];
        if (rest.IsEmpty) return (length, false);
        return IsEpoch(rest) ? (length, true) : (length - rest.Length, false);
    }

    private static bool IsEpoch(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, Json.EpochRecord) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Writes a history, replacing the file; never left half-written.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, IEnumerable<EpochRecord> epochs)
    {
        ArgumentNullException.ThrowIfNull(epochs);
        AtomicFile.Write(path, stream =>
        {
            foreach (var epoch in epochs) stream.Write(ToJsonLine(epoch));
        });
    }

    /// <summary>Reads a history; an incomplete last line, as after a crash, is ignored.</summary>
    /// <returns>The epochs in the order of the file.</returns>
    /// <exception cref="InputException">The file cannot be read, or another line is not an epoch.</exception>
    public static IReadOnlyList<EpochRecord> Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string text;
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > MaxBytes } file)
                throw new InputException($"'{path}' has {file.Length} bytes; at most {MaxBytes} are read.");
            text = File.ReadAllText(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"'{path}' cannot be read: {fault.Message}", fault);
        }

        var lines = text.Split('\n');
        var epochs = new List<EpochRecord>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i])) continue;
            try
            {
                var epoch = JsonSerializer.Deserialize(lines[i], Json.EpochRecord)
                    ?? throw new JsonException("null where an epoch was expected.");
                Check(epoch);
                epochs.Add(epoch);
            }
            catch (JsonException) when (i == lines.Length - 1)
            {
                // Complete lines end with a newline, so what follows the last newline is incomplete.
            }
            catch (JsonException fault)
            {
                throw new InputException(
                    $"'{path}', line {i + 1}, is not an epoch: {ErrorText.Describe(fault)}.", fault);
            }
        }

        return epochs;
    }

    /// <exception cref="JsonException">A value is one that no epoch can have.</exception>
    private static void Check(EpochRecord epoch)
    {
        if (epoch.Epoch < 1) throw Impossible("epoch", epoch.Epoch, "1 or more");
        if (epoch.Step < 0) throw Impossible("step", epoch.Step, "0 or more");
        CheckShare("train_accuracy", epoch.TrainAccuracy);
        CheckShare("test_accuracy", epoch.TestAccuracy);
        CheckShare("validation_accuracy", epoch.ValidationAccuracy);
        CheckNotNegative("seconds", epoch.Seconds);
        CheckNotNegative("images_per_second", epoch.ImagesPerSecond);
        CheckNotNegative("learning_rate", epoch.LearningRate);
        CheckNotNegative("test_seconds", epoch.TestSeconds ?? 0);
        CheckNotNegative("constant_classes", epoch.ConstantClasses ?? 0);

        static void CheckShare(string key, double? value)
        {
            if (value is < 0 or > 1) throw Impossible(key, value.Value, "0 to 1");
        }

        static void CheckNotNegative(string key, double value)
        {
            if (value < 0) throw Impossible(key, value, "0 or more");
        }

        static JsonException Impossible(string key, double value, string expected) =>
            new(FormattableString.Invariant($"'{key}' is {value}; expected {expected}"));
    }

    /// <summary>An epoch as a line of the file has it.</summary>
    internal static JsonObject ToJson(EpochRecord epoch) =>
        JsonSerializer.SerializeToNode(epoch, Json.EpochRecord)!.AsObject();

    private static byte[] ToJsonLine(EpochRecord epoch) =>
        Encoding.UTF8.GetBytes(JsonSerializer.Serialize(epoch, Json.EpochRecord) + "\n");

    private sealed class FiniteOrNull : JsonConverter<double>
    {
        public override bool HandleNull => true;

        public override double Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value)) writer.WriteNumberValue(value);
            else writer.WriteNullValue();
        }
    }
}

/// <summary>Serialization code that the compiler generates, so that no reflection is needed.</summary>
[JsonSerializable(typeof(EpochRecord))]
[JsonSerializable(typeof(TrainingProgress))]
internal sealed partial class MetricsJson : JsonSerializerContext;

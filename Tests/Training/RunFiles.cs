using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Compares what two runs have left in their folders, but for the times.</summary>
internal static class RunFiles
{
    private static readonly string[] Files = ["model.safetensors", "best.safetensors", "curves.svg"];

    /// <summary>All weights, curves, metrics and the newest checkpoint are equal to the last bit.</summary>
    public static void AssertEqual(string run, string expected)
    {
        Assert.That(History(run), Is.EqualTo(History(expected)));
        foreach (var file in (string[])[.. Files, .. History(run)])
            Assert.That(
                File.ReadAllBytes(Path.Combine(run, file)), Is.EqualTo(File.ReadAllBytes(Path.Combine(expected, file))),
                file);
        Assert.That(Metrics(run), Is.EqualTo(Metrics(expected)));
        AssertCheckpointsEqual(run, expected);
    }

    /// <summary>The names of the weights that were kept every few batches, in order.</summary>
    public static string[] History(string run) =>
    [
        .. Directory.GetFiles(run, "weights-*").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal),
    ];

    /// <summary>The newest checkpoints are equal to the last bit, but for the times.</summary>
    public static void AssertCheckpointsEqual(string run, string expected) =>
        AssertFilesEqual(CheckpointFolder.Find(run)[0].Path, CheckpointFolder.Find(expected)[0].Path);

    /// <summary>Two checkpoints are equal to the last bit, but for the times.</summary>
    public static void AssertFilesEqual(string checkpoint, string expected) =>
        Assert.That(Content(checkpoint), Is.EqualTo(Content(expected)));

    /// <summary>Copies a run's folder, if it exists.</summary>
    public static void Copy(string from, string to)
    {
        if (!Directory.Exists(from)) return;
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
    }

    /// <summary>The records of a run without the times.</summary>
    public static EpochRecord[] Metrics(string run) =>
        [.. MetricsFile.Read(Path.Combine(run, "metrics.jsonl")).Select(WithoutTimes)];

    private static EpochRecord WithoutTimes(EpochRecord epoch) =>
        epoch with { Seconds = 0, ImagesPerSecond = 0, TestSeconds = null };

    /// <summary>The tensors and metadata of a checkpoint.</summary>
    private static List<string> Content(string checkpoint)
    {
        using var file = Safetensors.Open(checkpoint);
        var lines = new List<string>();
        foreach (var tensor in file.Tensors)
        {
            var values = new float[tensor.Shape.Size];
            file.Read(tensor, values);
            lines.Add($"{tensor.Name} {string.Join(' ', values.Select(BitConverter.SingleToInt32Bits))}");
        }

        foreach (var (key, value) in file.Metadata)
            if (key == "progress") lines.Add(WithoutTimes(TrainingProgress.FromJson(value)).ToJson());
            else if (key != "checksum") lines.Add($"{key} {value}");
        return lines;
    }

    private static TrainingProgress WithoutTimes(TrainingProgress progress) => progress with
    {
        Epochs = [.. progress.Epochs.Select(WithoutTimes)],
        Running = progress.Running is { } running ? running with { Seconds = 0 } : null,
        Part = progress.Part is { } part ? WithoutTimes(part) : null,
    };
}

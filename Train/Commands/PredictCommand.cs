using System.CommandLine;
using PyNetSharp.Data;
using PyNetSharp.Images;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary><c>pynet predict</c>: the most probable classes of image files.</summary>
internal sealed class PredictCommand : ConsoleCommand
{
    private const int DefaultTop = 3, BadInput = 2;

    private readonly Argument<string> run = new("RUN|WEIGHTS")
    {
        Description = "The folder of a run, whose best weights are taken, or a file of weights.",
    };

    private readonly Argument<string[]> images = new("IMAGE…|DIR")
    {
        Arity = ArgumentArity.OneOrMore,
        Description = "Image files, or folders of them: PNG, JPEG, WebP, GIF, BMP, of any sizes.",
    };

    private readonly Option<int?> top = CheckedOption.Integer(
        "--top", $"Show the K most probable classes. Default: {DefaultTop}.");

    private readonly Option<bool> json = CheckedOption.Switch("--json", "Print one JSON object.");
    private readonly Option<bool> csv = CheckedOption.Switch(
        "--csv", "Print comma-separated lines: file, rank, class, probability.");

    private readonly Option<string?> logits = CheckedOption.Path(
        "--logits", "FILE.npy", "Write the scores, images × classes, as a NumPy file of float32.");

    private readonly Option<int?> batchSize = CheckedOption.Integer(
        "--batch-size", "Images at a time. Default: the model's.", SettingRange.BatchSize);

    private readonly DeviceOptions device = new();

    public PredictCommand()
        : base("predict", "predict RUN|WEIGHTS IMAGE…|DIR", "Classify image files with trained weights.")
    {
        Add(run);
        Add(images);
        AddGroup("Output", top, json, csv, logits);
        AddGroup("Run", batchSize, device.Name, device.Threads, device.Precision);
        Examples.AddRange(
        [
            ("pynet predict runs/first cat.jpg", "Classify a picture with a run's best weights."),
            ("pynet predict runs/first/model.safetensors holidays --top 1 --csv",
                "Classify all pictures of a folder, for a spreadsheet."),
        ]);
    }

    protected override int Run(ParseResult parse)
    {
        if (parse.GetValue(json) && parse.GetValue(csv))
            throw new InputException("--json and --csv are two formats; expected one of them.");
        var scores = parse.GetValue(logits);
        NumpyFile.CheckPath("--logits", scores);
        var files = parse.GetValue(images)!.SelectMany(FindFiles).ToArray();
        if (files.Length == 0) throw new InputException("There are no files in what was given; expected images.");

        var weights = FindWeights(UserPath.Expand(parse.GetValue(run)!));
        var classifier = Classifier.Load(weights, device.Open(parse));
        var network = NetworkCatalog.Find(WeightMetadata.Read(weights).Model!);
        var batch = parse.GetValue(batchSize) ?? network.Recipe.BatchSize;
        var format = parse.GetValue(json) ? PredictionFormat.Json
            : parse.GetValue(csv) ? PredictionFormat.Csv
            : PredictionFormat.Text;
        var output = new PredictionOutput(format, parse.GetValue(top) ?? DefaultTop);

        using var stop = new StopSignals();
        var rows = new List<float>();
        foreach (var done in Decode(classifier, files, batch, stop.Token))
        {
            foreach (var (file, fault) in done.Faults) output.Add(file, fault);
            if (done.Files.Length == 0) continue;
            var predictions = classifier.Run(done.Inputs, done.Files.Length);
            foreach (var (file, prediction) in done.Files.Zip(predictions))
            {
                output.Add(file, prediction);
                if (scores is not null) rows.AddRange(prediction.Logits);
            }
        }

        if (stop.ExitCode != 0)
        {
            ConsoleOutput.WriteError("stopped before all images were classified");
            return stop.ExitCode;
        }

        if (scores is not null)
            NumpyFile.Write(scores, [.. rows], rows.Count / classifier.ClassNames.Count, classifier.ClassNames.Count);
        output.End();
        return output.HasFaults ? BadInput : 0;
    }

    /// <summary>Decodes on all cores, the next batch while one is classified.</summary>
    private static IEnumerable<ImageBatch> Decode(
        Classifier classifier, string[] files, int batch, CancellationToken stop)
    {
        var parts = files.Chunk(batch).ToArray();
        var next = Begin(0);
        for (var i = 0; i < parts.Length; i++)
        {
            var current = next!.GetAwaiter().GetResult();
            if (stop.IsCancellationRequested) yield break;
            next = Begin(i + 1);
            yield return current;
        }

        Task<ImageBatch>? Begin(int i) =>
            i < parts.Length ? Task.Run(() => ImageBatch.Read(parts[i], classifier.Preprocessing)) : null;
    }

    private static IEnumerable<string> FindFiles(string given)
    {
        var path = UserPath.Expand(given);
        return Directory.Exists(path) ? ImageFolder.FindFiles(path) : [path];
    }

    private static string FindWeights(string path)
    {
        if (!Directory.Exists(path)) return path;
        var folder = new RunFolder(path);
        string[] candidates = [folder.BestWeightsPath, folder.LastWeightsPath];
        var names = string.Join(" and no ", candidates.Select(Path.GetFileName));
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new InputException($"The folder '{path}' has no weights: there is no {names}.");
    }

    /// <summary>Decoded files, their preprocessed pixels one after the other, and the other files.</summary>
    private sealed record ImageBatch(string[] Files, float[] Inputs, (string File, string Fault)[] Faults)
    {
        public static ImageBatch Read(string[] files, Preprocessing preprocessing)
        {
            var size = preprocessing.Input.Size;
            var inputs = new float[files.Length * size];
            var faults = new string?[files.Length];
            Parallel.For(0, files.Length, i =>
            {
                try
                {
                    var (pixels, shape) = ImageFile.Read(files[i], preprocessing.Item[0]);
                    preprocessing.Apply(pixels, shape, inputs.AsSpan(i * size, size));
                }
                catch (InputException fault)
                {
                    faults[i] = fault.Message;
                }
            });

            int[] good = [.. Enumerable.Range(0, files.Length).Where(i => faults[i] is null)];
            foreach (var (to, from) in good.Index())
                if (to != from) inputs.AsSpan(from * size, size).CopyTo(inputs.AsSpan(to * size));
            return new(
                [.. good.Select(i => files[i])], inputs[..(good.Length * size)],
                [.. files.Zip(faults, (file, fault) => (file, fault!)).Where(pair => pair.Item2 is not null)]);
        }
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using PyNetSharp.Layers;

namespace PyNetSharp.Train;

/// <summary>The results of one training with several seeds: a table, and <c>seeds.json</c>.</summary>
/// <param name="folder">The folder that holds the runs' folders.</param>
internal sealed class SeedSeries(string folder)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static readonly (string Title, string Key, Func<RunResult, double?> Value)[] Measures =
    [
        ("Validation", "validation_accuracy", result => result.Best?.ValidationAccuracy),
        ("Test", "test_accuracy", result => result.TestAccuracy),
        ("Train", "train_accuracy", result => result.TrainAccuracy),
    ];

    private readonly List<(ulong Seed, RunResult Result)> runs = [];

    /// <summary>Whether a run has failed.</summary>
    public bool HasFailed => runs.Any(run => run.Result.Error is not null);

    /// <summary>The folder of a seed's run.</summary>
    public string FolderOf(ulong seed) => Path.Combine(folder, FormattableString.Invariant($"seed-{seed}"));

    /// <summary>Adds a run, and writes all so far.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public void Add(ulong seed, RunResult result)
    {
        runs.Add((seed, result));
        if (!Directory.Exists(folder)) return;
        var text = JsonSerializer.SerializeToUtf8Bytes(ToJson(), Indented);
        AtomicFile.Write(Path.Combine(folder, "seeds.json"), stream => stream.Write(text));
    }

    /// <summary>Prints a row for each run, then mean and standard deviation.</summary>
    public void Show(ConsoleOutput screen)
    {
        var shown = Measures.Where(measure => runs.Any(run => measure.Value(run.Result) is not null)).ToArray();
        screen.WriteTable(
            [
                new("Seed", 1), .. shown.Select(measure => new Column(measure.Title, 2, IsNumber: true)),
                new("Best epoch", 3, IsNumber: true), new("Status", 4),
            ],
            [
                .. runs.Select(run => (string[])
                [
                    $"{run.Seed}", .. shown.Select(measure => Percent(measure.Value(run.Result))),
                    run.Result.Best is { } best ? $"{best.Epoch}" : "–", run.Result.Status,
                ]),
                Row("mean", Mean), Row("deviation", Deviation),
            ]);
        foreach (var measure in shown)
            if (Mean(measure.Value) is { } mean)
                screen.WriteResult(
                    $"{measure.Title.ToLowerInvariant()} accuracy {Percent(mean)}" +
                    (Deviation(measure.Value) is { } spread ? $" ± {Percent(spread)}" : "") +
                    $" over {NumberFormatting.Count(Values(measure.Value).Length, "seed")}");

        string[] Row(string name, Func<Func<RunResult, double?>, double?> statistic) =>
            [name, .. shown.Select(measure => Percent(statistic(measure.Value))), "", ""];

        static string Percent(double? share) => share is { } x ? NumberFormatting.Percent(x) : "–";
    }

    /// <summary>The runs, and of each accuracy the mean and the standard deviation with n − 1.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["runs"] = new JsonArray([.. runs.Select(run =>
            {
                var one = run.Result.ToJson();
                one.Insert(0, "seed", run.Seed);
                return (JsonNode)one;
            })]),
        };
        foreach (var (_, key, value) in Measures)
            json[key] = new JsonObject
            {
                ["mean"] = Mean(value), ["standard_deviation"] = Deviation(value), ["count"] = Values(value).Length,
            };
        return json;
    }

    private double[] Values(Func<RunResult, double?> value) =>
        [.. Completed().Select(value).OfType<double>()];

    private IEnumerable<RunResult> Completed() =>
        runs.Select(run => run.Result).Where(result => result.Status == RunResult.Complete);

    private double? Mean(Func<RunResult, double?> value) => Values(value) is { Length: > 0 } all ? all.Average() : null;

    private double? Deviation(Func<RunResult, double?> value)
    {
        if (Values(value) is not { Length: > 1 } all) return null;
        var mean = all.Average();
        return Math.Sqrt(all.Sum(x => (x - mean) * (x - mean)) / (all.Length - 1));
    }
}

using System.Globalization;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary>The command line that repeats a run: what its settings have that is not the model's own.</summary>
internal static class RepeatedCommand
{
    /// <summary>The words of the line, quoted for the shell.</summary>
    public static IEnumerable<string> Words(RunConfig config) =>
        Arguments(config).Select(ShellCommand.Quote).Prepend("pynet");

    /// <summary>The arguments.</summary>
    public static IReadOnlyList<string> Arguments(RunConfig config)
    {
        var own = NetworkCatalog.Find(config.Model).Recipe;
        var line = new List<string> { "train", config.Model };
        AddData(line, config, own);
        AddNetwork(line, config, own);
        AddOptimizer(line, config, own);
        AddTraining(line, config, own);
        AddRun(line, config, own);
        return line;
    }

    private static void AddData(List<string> line, RunConfig config, Recipe own)
    {
        Add(line, "--data", config.Data);
        Add(line, "--data-dir", config.DataDir);
        Add(line, "--label", config.Label);
        Add(line, "--separator", config.Separator);
        Add(line, "--split", config.TestShare);
        AddSwitch(line, "--skip-damaged", config.SkipDamaged);
        Add(line, "--limit", config.Limit);
        AddUnless(line, "--resize", config.Resize, config.Weights is null ? own.Resize : null);
        Add(line, "--augment", config.Augment);
        AddUnless(line, "--shuffle", config.Shuffle ? "true" : "false", "true");
    }

    private static void AddNetwork(List<string> line, RunConfig config, Recipe own)
    {
        AddUnless(line, "--width", config.Width, config.Weights is null ? own.WidthMultiplier : null);
        AddUnless(line, "--dropout", config.Dropout, own.Dropout);
        var hasNewHead = config.Weights is null || config.NewHead;
        var isOwn = config.Init == own.Initialization && config.SafeStart == (own.InitializesHead && hasNewHead);
        if (!isOwn) Add(line, "--init", Lower(config.Init));
        Add(line, "--weights", config.Weights);
        AddSwitch(line, "--new-head", config.NewHead);
        if (config.Freeze is { Count: > 0 } paths) Add(line, "--freeze", string.Join(',', paths));
    }

    /// <summary>Another optimizer than the model's own has other defaults.</summary>
    private static void AddOptimizer(List<string> line, RunConfig config, Recipe own)
    {
        var isOther = config.Optimizer != own.Optimizer;
        if (isOther) Add(line, "--optimizer", Lower(config.Optimizer));
        AddUnless(line, "--lr", config.LearningRate, isOther ? null : own.LearningRate);
        AddUnless(line, "--momentum", config.Momentum, isOther ? null : own.Momentum);
        if (config.Momentum > 0 && config.Nesterov is { } nesterov && (isOther || nesterov != own.Nesterov))
            Add(line, "--nesterov", nesterov ? "true" : "false");
        AddUnless(line, "--weight-decay", config.WeightDecay, isOther ? null : own.WeightDecay);
    }

    private static void AddTraining(List<string> line, RunConfig config, Recipe own)
    {
        AddUnless(line, "--epochs", config.Epochs, own.Epochs);
        Add(line, "--max-steps", config.MaxSteps);
        AddUnless(line, "--batch-size", config.BatchSize, own.BatchSize);
        AddUnless(line, "--accumulate", config.Accumulate ?? 1, 1);
        AddUnless(line, "--shards", config.Shards ?? 1, 1);
        Add(line, "--label-smoothing", config.LabelSmoothing);
        Add(line, "--gradient-clip", config.GradientClip);
        Add(line, "--ema", config.Ema);
        Add(line, "--patience", config.Patience);
        AddUnless(line, "--schedule", config.Schedule, ScheduleText.Format(own.Schedule));
        if (config.Evaluate == EvaluationChoice.Never)      // without a choice of what is measured
        {
            Add(line, "--evaluate", Lower(EvaluationChoice.Never));
            return;
        }

        AddUnless(line, "--validation", config.Validation ?? 0, own.Validation);
        AddUnless(line, "--evaluate-every", config.EvaluateEvery, own.EvaluateEvery);
        AddUnless(line, "--test-every", config.TestEvery ?? 0, own.TestEvery);
        Add(line, "--evaluate-limit", config.EvaluateLimit);
    }

    private static void AddRun(List<string> line, RunConfig config, Recipe own)
    {
        AddUnless(line, "--seed", config.Seed, 0UL);
        AddUnless(line, "--device", config.Device, "cpu");
        Add(line, "--threads", config.Threads);
        AddUnless(line, "--precision", Lower(config.Precision), Lower(default(Precision)));
        AddUnless(line, "--checkpoint-every", config.CheckpointEvery ?? CheckpointPolicy.DefaultEvery,
            CheckpointPolicy.DefaultEvery);
        AddUnless(line, "--keep", config.Keep ?? new CheckpointPolicy().Keep, new CheckpointPolicy().Keep);
        AddUnless(line, "--on-divergence", config.OnDivergence ?? CheckpointPolicy.Stop, CheckpointPolicy.Stop);
        AddUnless(line, "--log-every", config.LogEvery ?? 0, own.LogEvery);
        AddUnless(line, "--save-every", config.SaveEvery ?? 0, own.SaveEvery);
        AddSwitch(line, "--tensorboard", config.Tensorboard);
    }

    private static void AddUnless(List<string> line, string option, object? value, object? own)
    {
        if (value is not null && !value.Equals(own)) Add(line, option, value);
    }

    private static void Add(List<string> line, string option, object? value)
    {
        if (value is null) return;
        var text = Convert.ToString(value, CultureInfo.InvariantCulture)!;
        if (text.StartsWith('-')) line.Add($"{option}={text}");      // else it would be taken for an option
        else line.AddRange([option, text]);
    }

    private static void AddSwitch(List<string> line, string option, bool isOn)
    {
        if (isOn) line.Add(option);
    }

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}

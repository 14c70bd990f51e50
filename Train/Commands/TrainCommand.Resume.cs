using System.CommandLine;

namespace PyNetSharp.Train;

/// <content>How a run that resumes compares with the command line.</content>
internal sealed partial class TrainCommand
{
    /// <summary>The settings on the command line that would change the result, and are not the run's.</summary>
    private IReadOnlyList<string> DifferingSettings(ParseResult parse, RunConfig config, bool withSeed)
    {
        var found = new SettingsComparison(parse);
        found.Add("model", model, config.Model);
        found.Add(data.Data, config.Data, text => PictureFolder.Resolve(text!));
        found.Add(data.TestShare, config.TestShare);
        found.Add(data.Label, config.Label);
        found.Add(
            data.Separator, config.Separator, text => CsvFile.FormatSeparator(CsvFile.ParseSeparator(text!)!.Value));
        found.Add(data.SkipDamaged, config.SkipDamaged);
        found.Add(limit, config.Limit);
        found.Add(data.Resize, config.Resize);
        regularization.Compare(found, config);
        found.Add(shuffle, config.Shuffle ? BooleanChoice.True : BooleanChoice.False);
        found.Add(width, config.Width);
        found.Add(dropout, config.Dropout, x => (double?)(float?)x);
        found.Add(init, config.Init);
        found.Add(weights, config.Weights);
        found.Add(newHead, config.NewHead);
        found.Add(freeze, string.Join(',', config.Freeze ?? []), text => string.Join(',', FrozenModules.Parse(text!)));
        found.Add(batchSize, config.BatchSize);
        found.Add(accumulate, config.Accumulate ?? 1);
        found.Add(shards, config.Shards ?? 1);
        found.Add(optimizer, config.Optimizer);
        found.Add(learningRate, config.LearningRate, x => (double?)(float?)x);
        found.Add(momentum, config.Momentum, x => (double?)(float?)x);
        found.Add(nesterov, config.Nesterov == true ? BooleanChoice.True : BooleanChoice.False);
        found.Add(weightDecay, config.WeightDecay, x => (double?)(float?)x);
        var length = parse.GetValue(epochs) ?? config.Epochs;
        found.Add(schedule, config.Schedule, text => ScheduleText.Format(ScheduleText.Parse(text!, length)));
        found.Add(validation, config.Validation ?? 0);
        found.Add(evaluateEvery, config.EvaluateEvery);
        found.Add(evaluate, config.Evaluate ?? EvaluationChoice.Always);
        found.Add(evaluateLimit, config.EvaluateLimit);
        found.Add(testEvery, config.TestEvery ?? 0);
        if (withSeed) found.Add(seed, config.Seed);
        found.Add(device.Precision, config.Precision);
        return found.Differences;
    }
}

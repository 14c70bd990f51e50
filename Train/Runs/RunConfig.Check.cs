using System.Globalization;
using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <content>The ranges of the settings.</content>
internal sealed partial record RunConfig
{
    /// <param name="path">The file, for the message.</param>
    /// <exception cref="InputException">A value is outside its range, or settings contradict each other.</exception>
    public void Check(string path)
    {
        var network = NetworkCatalog.All.FirstOrDefault(known => known.Name == Model)
            ?? throw Invalid("model", Model, "the name of a model");
        var isFolder = PictureFolder.IsOne(Data) && Path.IsPathFullyQualified(Data);
        var isCsv = CsvFile.IsOne(Data) && Path.IsPathFullyQualified(Data);
        if (!isFolder && !isCsv && !DataCatalog.Names.Contains(Data))
            throw Invalid("data", Data, "the name of a data set, or the full path of a folder or a file");
        if (isCsv != Label is not null) throw Invalid("label", Label, isCsv ? "the name of a column" : "null");
        if (Separator is not null && (!isCsv || CsvFile.ParseSeparator(Separator) is null))
            throw Invalid("separator", Separator, isCsv ? CsvFile.SeparatorText : "null");
        if (!isFolder && !isCsv && TestShare is not null)
            throw Invalid("test_share", Text(TestShare), "null for a data set with parts");
        if (!isFolder && SkipDamaged) throw Invalid("skip_damaged", "true", "false for a data set that is no folder");

        if (DataDir is "" || DataDir?.Contains('\0') == true) throw Invalid("data_dir", DataDir, "a path or null");

        if (Device.Split(':')[0] is not ("cpu" or "auto" or "cuda" or "opencl" or "emulated"))
            throw Invalid("device", Device, "the name of a device");
        CheckRange("width", Width, SettingRange.Width);
        CheckRange("dropout", Dropout, SettingRange.Dropout);
        CheckRange("test_share", TestShare, SettingRange.TestShare);
        CheckRange("limit", Limit, SettingRange.Positive);
        CheckRange("resize", Resize, SettingRange.Resize);
        CheckRange("mean", Mean, SettingRange.Mean);
        CheckRange("deviation", Deviation, SettingRange.Deviation);
        CheckRange("batch_size", BatchSize, SettingRange.BatchSize);
        CheckRange("accumulate", Accumulate, SettingRange.Accumulate);
        CheckRange("shards", Shards, SettingRange.Shards);
        CheckRange("learning_rate", LearningRate, SettingRange.LearningRate);
        CheckRange("momentum", Momentum, SettingRange.Momentum);
        CheckRange("weight_decay", WeightDecay, SettingRange.WeightDecay);
        CheckRange("epochs", Epochs, SettingRange.Epochs);
        CheckRange("max_steps", MaxSteps, SettingRange.Positive);
        CheckRange("validation", Validation, SettingRange.Validation);
        CheckRange("evaluate_every", EvaluateEvery, SettingRange.Positive);
        CheckRange("evaluate_limit", EvaluateLimit, SettingRange.Positive);
        CheckRange("test_every", TestEvery, SettingRange.Interval);
        CheckRange("threads", Threads, SettingRange.Threads);
        CheckRange("keep", Keep, SettingRange.Keep);
        CheckRange("log_every", LogEvery, SettingRange.Interval);
        CheckRange("save_every", SaveEvery, SettingRange.Interval);
        CheckRegularization(path, CheckRange);
        if (CheckpointEvery is { } every && CheckpointPolicy.ParseInterval(every) is null)
            throw Invalid("checkpoint_every", every, CheckpointPolicy.IntervalText);
        if (OnDivergence is { } text && CheckpointPolicy.ParseDivergence(text) is null)
            throw Invalid("on_divergence", text, CheckpointPolicy.DivergenceText);

        if (Dropout > 0 && !network.HasDropout)
            throw Invalid("dropout", Text(Dropout), $"0 or null, because {Model} has no dropout layers");
        var isSgd = Optimizer == OptimizerKind.Sgd;
        var hasMomentum = Optimizer is OptimizerKind.Sgd or OptimizerKind.RMSprop;
        if (hasMomentum != Momentum is not null)
            throw Invalid("momentum", Text(Momentum), hasMomentum ? "a number" : $"null for {Lower(Optimizer)}");
        if (isSgd != Nesterov is not null)
            throw Invalid(
                "nesterov", Nesterov switch { true => "true", false => "false", null => "null" },
                isSgd ? "true or false" : $"null for {Lower(Optimizer)}");
        if (NewHead && Weights is null) throw Invalid("new_head", "true", "false where no weights are given");
        if (Freeze?.Any(string.IsNullOrEmpty) == true)
            throw Invalid("freeze", string.Join(',', Freeze), "a list of paths of modules");
        if (Momentum == 0 && Nesterov == true) throw Invalid("nesterov", "true", "false where the momentum is 0");
        if (Evaluate == EvaluationChoice.Never && Validation > 0)
            throw Invalid("validation", Text(Validation), "0 where nothing is evaluated");
        CheckSchedule(path);

        void CheckRange(string key, double? value, SettingRange range)
        {
            if (value is { } x && !range.Contains(x)) throw Invalid(key, Text(x), range.Text);
        }

        InputException Invalid(string key, string? value, string expected) =>
            new($"'{path}': '{key}' is {ErrorText.Quote(value ?? "null")}; expected {expected}.");

        static string Lower(OptimizerKind kind) => kind.ToString().ToLowerInvariant();

        // With the digits of a float.
        static string Text(double? value) => value?.ToString("G7", CultureInfo.InvariantCulture) ?? "null";
    }

    private void CheckSchedule(string path)
    {
        try
        {
            ScheduleText.Parse(Schedule, Epochs);
        }
        catch (InputException fault)
        {
            throw new InputException($"'{path}': {fault.Message}", fault);
        }
    }
}

using System.CommandLine;

namespace PyNetSharp.Train;

/// <summary>The options that say where a run is kept, and how.</summary>
internal sealed class RunOptions
{
    public Option<string?> Out { get; } = CheckedOption.Path(
        "--out", "DIR", "Where settings, checkpoints, metrics, weights, curves and report go. Default: " +
        "runs/<model>-<data>-<time>.");

    public Option<string?> Resume { get; } = CheckedOption.Path(
        "--resume", "DIR",
        "Resume the run in this folder where it stopped, with its settings. Others are refused, except --epochs, " +
        "--max-steps, --patience, --data-dir, --download, --device, --threads, --checkpoint-every, --keep, " +
        "--on-divergence, --log-every, --save-every, --serve and --quiet. Another device rounds differently: from " +
        "there on the last bits of the weights are not those of the first one.");

    public Option<bool> ResumeOrStart { get; } = CheckedOption.Switch(
        "--resume-or-start",
        "Resume the run in --out if there is one, as --resume does; begin it otherwise; succeed if it is complete. " +
        "So a supervisor can repeat one command until it succeeds.");

    public Option<string?> Every { get; } = CheckedOption.Checked(
        "--checkpoint-every", "500|5m|epoch",
        $"How often the state of the run is saved, beside its beginning and its end: every N steps, seconds " +
        $"(90s), minutes (5m) or hours, or at each epoch's end. Default: {CheckpointPolicy.DefaultEvery}.",
        CheckpointPolicy.IntervalText, text => CheckpointPolicy.ParseInterval(text) is not null);

    public Option<int?> Keep { get; } = CheckedOption.Integer(
        "--keep", "Keep the newest N checkpoints. Default: 3.", SettingRange.Keep);

    public Option<string?> OnDivergence { get; } = CheckedOption.Checked(
        "--on-divergence", "stop|rollback:GAMMA",
        "What follows a loss that is not finite: the end, or a return to the last checkpoint with the learning rate " +
        "times GAMMA, at most 10 times. Default: stop.",
        CheckpointPolicy.DivergenceText, text => CheckpointPolicy.ParseDivergence(text) is not null);

    public Option<int?> LogEvery { get; } = CheckedOption.Integer(
        "--log-every",
        "Print a line every N batches: the epoch's loss and training accuracy so far, and its time. 0: never. " +
        "Default: the model's own, which is 100 for nin-net and 0 for all others.",
        SettingRange.Interval);

    public Option<int?> SaveEvery { get; } = CheckedOption.Integer(
        "--save-every",
        "Keep the weights every N batches of an epoch, after the step that has the Nth, in files as " +
        "weights-epoch2-batch1000-acc0.7350.safetensors. 0: never. Default: the model's own, which is 1000 for " +
        "nin-net and 0 for all others.",
        SettingRange.Interval);

    public Option<int?> Serve { get; } = CheckedOption.Port(
        "--serve",
        "Show the training in a browser of this machine as it runs, with buttons to pause and to stop it; its " +
        "address is printed. Default: a free port.");

    public Option[] All => [Out, Resume, ResumeOrStart, Every, Keep, OnDivergence, LogEvery, SaveEvery, Serve];

    /// <summary>The port to serve at, 0 for a free one; null not to serve.</summary>
    public int? ServePort(ParseResult parse) =>
        parse.GetResult(Serve) is { Implicit: false } ? parse.GetValue(Serve) ?? 0 : null;

    /// <summary>The folder of the run to resume; null to begin one.</summary>
    /// <exception cref="InputException">The options contradict each other.</exception>
    public RunFolder? FolderToResume(ParseResult parse)
    {
        if (parse.GetValue(Resume) is { } run)
        {
            if (parse.GetResult(Out) is { Implicit: false } || parse.GetValue(ResumeOrStart))
                throw new InputException(
                    "--resume names the run's folder; --out and --resume-or-start cannot be given beside it.");
            return new(run);
        }

        if (!parse.GetValue(ResumeOrStart)) return null;
        var folder = parse.GetValue(Out)
            ?? throw new InputException("--resume-or-start needs --out, the run's folder.");
        return new RunFolder(folder) is { HoldsRun: true } held ? held : null;
    }

    /// <summary>A policy with the values of the command line where there are any.</summary>
    public CheckpointPolicy Apply(CheckpointPolicy policy, ParseResult parse) => new()
    {
        EveryText = parse.GetValue(Every) ?? policy.EveryText,
        Keep = parse.GetValue(Keep) ?? policy.Keep,
        OnDivergenceText = parse.GetValue(OnDivergence) ?? policy.OnDivergenceText,
    };
}

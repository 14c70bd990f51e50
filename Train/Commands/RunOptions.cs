using System.CommandLine;

namespace PyNetSharp.Train;

/// <summary>The options that say where a run is kept, and how.</summary>
internal sealed class RunOptions
{
    public Option<string?> Out { get; } = CheckedOption.Path(
        "--out", "DIR", "Where the run's files go. Default: runs/<model>-<data>-<time>.");

    public Option<string?> Resume { get; } = CheckedOption.Path(
        "--resume", "DIR",
        "Continue the run in this folder, with its settings.");

    public Option<bool> ResumeOrStart { get; } = CheckedOption.Switch(
        "--resume-or-start",
        "Continue the run in --out, or begin it; for supervisors.");

    public Option<string?> Every { get; } = CheckedOption.Checked(
        "--checkpoint-every", "TIME",
        $"Save every 500 (steps), 90s, 5m, 1h or epoch. Default: {CheckpointPolicy.DefaultEvery}.",
        CheckpointPolicy.IntervalText, text => CheckpointPolicy.ParseInterval(text) is not null);

    public Option<int?> Keep { get; } = CheckedOption.Integer(
        "--keep", "Keep the newest N checkpoints. Default: 3.", SettingRange.Keep);

    public Option<string?> OnDivergence { get; } = CheckedOption.Checked(
        "--on-divergence", "WHAT",
        "After a loss that is not finite: stop, or rollback:0.5 to half the rate.",
        CheckpointPolicy.DivergenceText, text => CheckpointPolicy.ParseDivergence(text) is not null);

    public Option<int?> LogEvery { get; } = CheckedOption.Integer(
        "--log-every",
        "Print a line every N batches; 0: never. Default: the model's.",
        SettingRange.Interval);

    public Option<int?> SaveEvery { get; } = CheckedOption.Integer(
        "--save-every",
        "Keep the weights every N batches; 0: never. Default: the model's.",
        SettingRange.Interval);

    public Option<int?> Serve { get; } = CheckedOption.Port(
        "--serve", "Show the training in a browser of this machine as it runs. Default: a free port.");

    public Option[] All => [Out, Resume, ResumeOrStart, Every, Keep, OnDivergence];

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

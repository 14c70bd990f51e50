namespace PyNetSharp.Train;

/// <summary>What the page that compares runs shows.</summary>
/// <param name="Runs">At least two, each of another folder.</param>
internal sealed record RunComparison(IReadOnlyList<RunReport> Runs)
{
    private static readonly string[] NotCompared = ["started", "resumed", "versions", "arguments"];

    /// <summary>"3 runs"</summary>
    public string Title => $"{Runs.Count} runs";

    /// <summary>The runs' names: the last parts of their folders, with what is above where two are the same.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            var paths = Runs.Select(run => Path.TrimEndingDirectorySeparator(Path.GetFullPath(run.Folder))
                .Split(Path.DirectorySeparatorChar)).ToArray();
            for (var parts = 1; ; parts++)
            {
                string[] names = [.. paths.Select(path => string.Join('/', path.TakeLast(parts)))];
                if (names.Distinct().Count() == names.Length || paths.All(path => path.Length <= parts)) return names;
            }
        }
    }

    /// <summary>The settings that are not the same in all runs, with each run's value.</summary>
    public IReadOnlyList<(string Name, IReadOnlyList<string> Values)> Differences
    {
        get
        {
            var settings = Runs.Select(run => SettingsSections.Read(run.Config).ToDictionary()).ToArray();
            return
            [
                .. settings.SelectMany(run => run.Keys).Distinct().Except(NotCompared)
                    .Select(name => (name, (IReadOnlyList<string>)
                        [.. settings.Select(run => run.GetValueOrDefault(name, "–"))]))
                    .Where(setting => setting.Item2.Distinct().Count() > 1),
            ];
        }
    }
}

using System.CommandLine;
using System.Globalization;

namespace PyNetSharp.Train;

/// <summary>Compares the settings that a command line gives with those of the run that it resumes.</summary>
internal sealed class SettingsComparison(ParseResult parse)
{
    private readonly List<string> differences = [];

    /// <summary>Each as "seed: run has 0, command has 3".</summary>
    public IReadOnlyList<string> Differences => differences;

    /// <summary>Compares an argument, if it was given.</summary>
    public void Add(string name, Argument<string?> argument, string run)
    {
        if (parse.GetValue(argument) is { } given) Compare(name, given, run);
    }

    /// <summary>Compares an option, if it was given.</summary>
    /// <param name="option">The option.</param>
    /// <param name="run">The run's value.</param>
    /// <param name="convert">What the run would have kept of the given value; null for the value itself.</param>
    public void Add<T>(Option<T> option, object? run, Func<T, object?>? convert = null)
    {
        if (parse.GetResult(option) is not { Implicit: false }) return;
        var given = parse.GetValue(option);
        Compare(option.Name, convert is null ? given : convert(given!), run);
    }

    private void Compare(string name, object? given, object? run)
    {
        var (command, kept) = (Text(given), Text(run));
        if (command != kept) differences.Add($"{name.TrimStart('-')}: run has {kept}, command has {command}");
    }

    private static string Text(object? value) => value switch
    {
        null or "" => "none",
        float number => number.ToString(CultureInfo.InvariantCulture),
        double number => ((float)number).ToString(CultureInfo.InvariantCulture),
        Enum or bool => value.ToString()!.ToLowerInvariant(),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}

using System.Diagnostics;
using Spectre.Console;

namespace PyNetSharp.Train;

/// <summary>Shows the progress of an evaluation: by a bar or, without one, by some lines.</summary>
/// <param name="screen">Where to print.</param>
/// <param name="bar">The bar; null for lines.</param>
/// <param name="prefix">The start of the text; may be empty.</param>
/// <param name="count">All items.</param>
internal sealed class EvaluationDisplay(ConsoleOutput screen, ProgressTask? bar, string prefix, int count)
    : IProgress<int>
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(15);

    private readonly Stopwatch elapsed = Stopwatch.StartNew(), sinceLine = Stopwatch.StartNew();

    public void Report(int value)
    {
        if (bar is not null)
        {
            (bar.MaxValue, bar.Value) = (count, value);
            bar.Description = Markup.Escape(TextWrap.FitItems(DescribeProgress(value), screen.BarTextWidth));
        }
        else if (sinceLine.Elapsed > LineInterval && value < count)
        {
            screen.WriteInfo([.. DescribeProgress(value).Prepend("")]);
            sinceLine.Restart();
        }
    }

    private string[] DescribeProgress(int done)
    {
        string[] start = prefix.Length > 0 ? [prefix] : [];
        var secondsLeft = elapsed.Elapsed.TotalSeconds / done * (count - done);
        string[] left = done > 0 ? [$"{NumberFormatting.Time(secondsLeft)} left"] : [];
        var items = $"{NumberFormatting.Count(done)} of {NumberFormatting.Count(count, "item")}";
        return [.. start, "measuring", .. left, items];
    }
}

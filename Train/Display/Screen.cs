using Spectre.Console;
using Spectre.Console.Rendering;

namespace PyNetSharp;

/// <summary>What the app prints: with colours and bars on a terminal, in plain lines elsewhere.</summary>
internal sealed class Screen
{
    private const int WidestText = 72;      // beside a bar
    private const int PlainWidth = 160;     // of tables in files and pipes, whose readers know no width

    private readonly IAnsiConsole console;
    private readonly bool quiet;

    /// <param name="quiet">Whether only results are printed.</param>
    public Screen(bool quiet = false)
    {
        console = AnsiConsole.Console;
        this.quiet = quiet;
        IsTerminal = !Console.IsOutputRedirected && console.Profile.Capabilities.Ansi;
        if (IsTerminal) return;
        console.Profile.Width = PlainWidth;
        console.Profile.Capabilities.Ansi = false;
    }

    /// <summary>Whether somebody watches, so that a bar may move.</summary>
    public bool IsTerminal { get; }

    /// <summary>Whether nothing but results is printed.</summary>
    public bool IsQuiet => quiet;

    /// <summary>Prints a line that is not a result.</summary>
    public void Say(string line, Style? style = null)
    {
        if (!quiet) Result(line, style);
    }

    /// <summary>Prints a line, quiet or not.</summary>
    public void Result(string line, Style? style = null)
    {
        if (IsTerminal) console.Write(new Text(line + "\n", style));
        else Console.Out.WriteLine(line);       // never wrapped
    }

    /// <summary>Prints a table; columns for which a narrow terminal has no room are left out, from the right, and named.</summary>
    /// <param name="columns">The headings; those of numbers begin with '&gt;' and stand to the right.</param>
    /// <param name="rows">As many cells each.</param>
    public void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (quiet) return;
        var cells = rows.ToArray();
        var shown = TableFit.Columns(columns, cells, console.Profile.Width);
        var table = new Table { Border = IsTerminal ? TableBorder.Rounded : TableBorder.Simple };
        for (var i = 0; i < shown; i++)
        {
            var heading = new TableColumn(new Text(columns[i].TrimStart('>'), new Style(decoration: Decoration.Bold)));
            if (columns[i].StartsWith('>')) heading.RightAligned();
            table.AddColumn(TableFit.Wraps(columns, cells, i) ? heading : heading.NoWrap());
        }

        foreach (var row in cells) table.AddRow(row.Take(shown).Select(cell => (IRenderable)new Text(cell)));
        console.Write(table);
        if (shown < columns.Count)
            Say($"A wider terminal also shows: {string.Join(", ", columns.Skip(shown).Select(column => column.TrimStart('>')))}.");
    }

    /// <summary>Runs something under a bar that it moves; on a terminal only.</summary>
    public void WithBar(string text, double end, Action<ProgressTask> work) => console.Progress()
        .AutoClear(true)
        .Columns(
            new ProgressBarColumn { Width = Math.Clamp(console.Profile.Width - WidestText, 8, 40) },
            new TaskDescriptionColumn { Alignment = Justify.Left })
        .Start(context => work(context.AddTask(Markup.Escape(text), maxValue: end)));

    /// <summary>Fetches a data set, with a bar on a terminal.</summary>
    /// <exception cref="InputException">It cannot be had.</exception>
    public void Download(string name, string folder)
    {
        using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };   // the downloader has its own
        var downloader = new Downloader(client);
        if (!IsTerminal || quiet)
        {
            Report(Fetch(null));
            return;
        }

        WithBar(name, 1, bar => Report(Fetch(new Reporter(progress =>
        {
            bar.MaxValue = progress.Size ?? Math.Max(1, progress.Received);
            bar.Value = progress.Received;
            bar.Description = Markup.Escape($"{progress.File}  {Figures.Bytes(progress.Received)}");
        }))));

        bool Fetch(IProgress<DownloadProgress>? progress) =>
            DataDownload.FetchAsync(name, folder, downloader, progress).GetAwaiter().GetResult();

        void Report(bool fetched)
        {
            if (fetched) Say($"{name} is in {Path.Combine(folder, name)}.");
        }
    }

    /// <summary>Reports at once and in order, unlike <see cref="Progress{T}"/>.</summary>
    private sealed class Reporter(Action<DownloadProgress> report) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => report(value);
    }
}

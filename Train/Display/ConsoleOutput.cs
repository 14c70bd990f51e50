using System.Runtime.InteropServices;
using PyNetSharp.Data;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace PyNetSharp.Train;

/// <summary>What the app prints: with colours and bars on a terminal, in plain lines elsewhere.</summary>
internal sealed class ConsoleOutput
{
    private const int RedirectedWidth = 160;     // of tables in files and pipes, whose readers know no width
    private const int MinBarWidth = 8, MaxBarWidth = 40;
    private const int MinWidthBesideBar = 24;  // characters for words; with fewer a bar says nothing
    private const int MaxTextWidth = 72;      // beside a bar

    private readonly IAnsiConsole console;
    private readonly bool quiet, isTerminal;

    /// <param name="quiet">Whether only results are printed.</param>
    public ConsoleOutput(bool quiet = false)
    {
        console = AnsiConsole.Console;
        this.quiet = quiet;
        isTerminal = !Console.IsOutputRedirected;
        HasColors = isTerminal && console.Profile.Capabilities.Ansi;
        if (!isTerminal) console.Profile.Width = RedirectedWidth;
        if (!HasColors) console.Profile.Capabilities.Ansi = false;
    }

    /// <summary>Whether a bar may move: on a terminal that can go back in a line and has room for it.</summary>
    public bool HasProgressBar =>
        HasColors && !quiet && console.Profile.Capabilities.Interactive && WidthBesideBar(MinBarWidth) >= MinWidthBesideBar;

    /// <summary>How many characters a table may be wide.</summary>
    public int Width => console.Profile.Width;

    /// <summary>How many characters there are for words beside a bar.</summary>
    public int BarTextWidth => WidthBesideBar(BarWidth);

    private bool HasColors { get; }

    private int BarWidth => Math.Clamp(Width - MaxTextWidth, MinBarWidth, MaxBarWidth);

    /// <summary>Prints a line that is not a result.</summary>
    public void WriteInfo(string line)
    {
        if (!quiet) WriteResult(line);
    }

    /// <summary>Prints facts, no result, in one line; on a narrow terminal in several, no fact broken.</summary>
    public void WriteInfo(IReadOnlyList<string> facts, Style? style = null)
    {
        if (!quiet) WriteLines(isTerminal ? TextWrap.WrapItems(facts, Width) : TextWrap.WrapItems(facts, int.MaxValue), style);
    }

    /// <summary>Prints a line, quiet or not; on a terminal wrapped, elsewhere never.</summary>
    public void WriteResult(string line) => WriteLines(isTerminal ? TextWrap.Lines(line, Width) : [line]);

    /// <summary>Whether a terminal has room for all columns of a table.</summary>
    public bool TableFits(IReadOnlyList<Column> columns, IReadOnlyList<IReadOnlyList<string>> rows) =>
        ColumnSelection.SelectColumns(columns, rows, Width).Length == columns.Count;

    /// <summary>Prints a table; on a narrow terminal without its least useful columns, which are named.</summary>
    /// <param name="columns">The columns.</param>
    /// <param name="rows">As many cells each.</param>
    public void WriteTable(IReadOnlyList<Column> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (quiet) return;
        var cells = rows.ToArray();
        var shown = ColumnSelection.SelectColumns(columns, cells, Width);
        var table = new Table { Border = HasColors ? TableBorder.Rounded : TableBorder.Simple };
        foreach (var i in shown)
        {
            var heading = new TableColumn(new Text(columns[i].Title, new Style(decoration: Decoration.Bold)));
            if (columns[i].IsNumber) heading.RightAligned();
            table.AddColumn(ColumnSelection.Wraps(columns, cells, i) ? heading : heading.NoWrap());
        }

        foreach (var row in cells) table.AddRow(shown.Select(i => (IRenderable)new Text(row[i])));
        console.Write(table);
        if (shown.Length < columns.Count)
        {
            var others = Enumerable.Range(0, columns.Count).Except(shown).Select(i => columns[i].Title);
            WriteInfo($"A wider terminal also shows: {string.Join(", ", others)}.");
        }
    }

    /// <summary>Runs something under a bar that it moves, if there is one; else it is given none.</summary>
    public void WithProgressBar(string text, double end, Action<ProgressTask?> work)
    {
        if (!HasProgressBar)
        {
            work(null);
            return;
        }

        // A signal that ends the process would leave the cursor hidden.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, ShowCursor);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, ShowCursor);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, ShowCursor);
        console.Progress()
            .AutoClear(true)
            .Columns(
                new ProgressBarColumn { Width = BarWidth },
                new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context => work(context.AddTask(Markup.Escape(text), maxValue: end)));

        static void ShowCursor(PosixSignalContext signal) => Console.Out.Write("\e[?25h");
    }

    /// <summary>Fetches a data set, with a bar on a terminal.</summary>
    /// <exception cref="InputException">It cannot be had.</exception>
    public void Download(string name, string folder)
    {
        using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };   // the downloader has its own
        var downloader = new Downloader(client);
        WithProgressBar(name, 1, bar => Report(Fetch(bar is null ? null : new Reporter(progress =>
        {
            bar.MaxValue = progress.Size ?? Math.Max(1, progress.Received);
            bar.Value = progress.Received;
            bar.Description = Markup.Escape($"{progress.File}  {NumberFormatting.Bytes(progress.Received)}");
        }))));

        bool Fetch(IProgress<DownloadProgress>? progress) =>
            DataDownload.FetchAsync(name, folder, downloader, progress).GetAwaiter().GetResult();

        void Report(bool fetched)
        {
            if (fetched) WriteInfo($"{name} is in {Path.Combine(folder, name)}.");
        }
    }

    private int WidthBesideBar(int bar) => Width - bar - 1;

    private void WriteLines(IEnumerable<string> lines, Style? style = null)
    {
        if (HasColors) console.Write(new ClearedLines([.. lines], style));
        else foreach (var line in lines) Console.Out.WriteLine(line);
    }

    /// <summary>
    /// Lines that clear those in which they are printed. Under a bar they begin in the bar's line, and what they do not
    /// cover of it would be left standing.
    /// </summary>
    private sealed class ClearedLines(string[] lines, Style? style) : Renderable
    {
        private const string Clear = "\e[2K";

        protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
            lines.SelectMany(
                line => (Segment[])[Segment.Control(Clear), new(line, style ?? Style.Plain), Segment.LineBreak]);
    }

    /// <summary>Reports at once and in order, unlike <see cref="Progress{T}"/>.</summary>
    private sealed class Reporter(Action<DownloadProgress> report) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => report(value);
    }
}

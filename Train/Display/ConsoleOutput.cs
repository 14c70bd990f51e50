using System.Runtime.InteropServices;
using PyNetSharp.Data;
using Spectre.Console;
using Spectre.Console.Rendering;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Train;

/// <summary>The app's output: with colors and bars on a terminal, in plain lines elsewhere.</summary>
/// <remarks>
/// All text leaves the program here, and is cleaned here: names in files must not control a terminal.
/// </remarks>
internal sealed class ConsoleOutput
{
    private const int RedirectedWidth = 160;     // of tables in files and pipes
    private const int MinBarWidth = 8, MaxBarWidth = 40;
    private const int MinWidthBesideBar = 24;  // characters for text; with fewer, no bar is shown
    private const int MaxTextWidth = 72;      // beside a bar
    private const int MaxErrorLength = 8_000;

    private readonly IAnsiConsole console;
    private readonly TextWriter writer;
    private readonly bool quiet, isTerminal;

    /// <param name="quiet">Whether only results are printed.</param>
    /// <param name="onError">
    /// Whether everything goes to the standard error, in plain lines: the output is for a program.
    /// </param>
    /// <param name="isPlain">
    /// Whether lines are plain also on a terminal: Open MPI gives ranks one, wherever their output goes.
    /// </param>
    public ConsoleOutput(bool quiet = false, bool onError = false, bool isPlain = false)
    {
        writer = onError ? Console.Error : Console.Out;
        this.quiet = quiet;
        isTerminal = !onError && !isPlain && !Console.IsOutputRedirected;
        console = AnsiConsole.Create(new()
        {
            Out = new AnsiConsoleOutput(writer),
            // A bar needs the output alone; Spectre.Console would look at the input and the errors too. It still says
            // no where it finds a CI service.
            Interactive = isTerminal ? InteractionSupport.Yes : InteractionSupport.No,
        });
        HasColors = isTerminal && console.Profile.Capabilities.Ansi;
        if (!isTerminal) console.Profile.Width = RedirectedWidth;
        if (!HasColors) console.Profile.Capabilities.Ansi = false;
    }

    /// <summary>Whether a bar can be shown: on an interactive terminal that is wide enough.</summary>
    public bool HasProgressBar =>
        HasColors && !quiet && console.Profile.Capabilities.Interactive
        && WidthBesideBar(MinBarWidth) >= MinWidthBesideBar;

    /// <summary>The width of tables, in characters.</summary>
    public int Width => console.Profile.Width;

    /// <summary>The width of the text beside a bar, in characters.</summary>
    public int BarTextWidth => WidthBesideBar(BarWidth);

    /// <summary>Whether the terminal shows other than ASCII characters.</summary>
    public bool HasUnicode => console.Profile.Capabilities.Unicode;

    private bool HasColors { get; }

    private int BarWidth => Math.Clamp(Width - MaxTextWidth, MinBarWidth, MaxBarWidth);

    /// <summary>Prints a line that is not a result.</summary>
    public void WriteInfo(string line)
    {
        if (!quiet) WriteResult(line);
    }

    /// <summary>Prints a fact after its name; on a narrow terminal its text goes on below its beginning.</summary>
    public void WriteFact(string name, string text)
    {
        const int NameWidth = 10;
        if (quiet) return;
        var line = new string(' ', NameWidth) + Clean(text);
        string[] lines = isTerminal && Width > 2 * NameWidth ? [.. TextWrap.Lines(line, Width)] : [line];
        lines[0] = name.PadRight(NameWidth) + lines[0][NameWidth..];
        if (isTerminal && Width <= 2 * NameWidth) lines = [.. TextWrap.Lines(lines[0], Width)];
        WriteLines(lines);
    }

    /// <summary>Prints facts that are not a result in one line, or on a narrow terminal in several.</summary>
    public void WriteInfo(IReadOnlyList<string> facts, Style? style = null)
    {
        if (!quiet)
            WriteLines(TextWrap.WrapItems([.. facts.Select(Clean)], isTerminal ? Width : int.MaxValue), style);
    }

    /// <summary>Prints a line, or several, quiet or not; on a terminal wrapped, elsewhere never.</summary>
    public void WriteResult(string line)
    {
        var lines = line.Split('\n').Select(part => Clean(part.TrimEnd('\r')));
        WriteLines(isTerminal ? lines.SelectMany(part => TextWrap.Lines(part, Width)) : lines);
    }

    /// <summary>Prints a command to be pasted, as one line also on a narrow terminal, which wraps it itself.</summary>
    /// <param name="what">What it does: "To continue".</param>
    /// <param name="command">As <see cref="ShellCommand"/> makes it.</param>
    public void WriteCommand(string what, string command) => WriteLines([$"{what}:", $"  {Clean(command)}"]);

    /// <summary>Prints one line of an error, which may quote files.</summary>
    public static void WriteError(string line) => Console.Error.WriteLine($"pynet: {Cut(line, MaxErrorLength)}");

    /// <summary>Prints all that is known of a fault.</summary>
    public static void WriteError(Exception fault)
    {
        foreach (var line in fault.ToString().ReplaceLineEndings("\n").Split('\n'))
            Console.Error.WriteLine(Clean(line));
    }

    /// <summary>Prints a text for programs, such as JSON, which has escapes of its own.</summary>
    public static void WriteDocument(string text) => Console.Out.WriteLine(text);

    /// <summary>Whether all columns of a table fit.</summary>
    public bool TableFits(IReadOnlyList<Column> columns, IReadOnlyList<IReadOnlyList<string>> rows) =>
        ColumnSelection.SelectColumns(columns, rows, Width).Length == columns.Count;

    /// <summary>Prints a table; on a narrow terminal without its least useful columns, whose names follow.</summary>
    /// <param name="columns">The columns.</param>
    /// <param name="rows">Each with one cell per column.</param>
    public void WriteTable(IReadOnlyList<Column> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (quiet) return;
        string[][] cells = [.. rows.Select(row => (string[])[.. row.Select(Clean)])];
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

    /// <summary>Runs an action with a progress bar, or with null where none can be shown.</summary>
    public void WithProgressBar(string text, double end, Action<ProgressTask?> work)
    {
        if (!HasProgressBar)
        {
            work(null);
            return;
        }

        // Otherwise a signal that ends the process would leave the cursor hidden.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, ShowCursor);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, ShowCursor);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, ShowCursor);
        console.Progress()
            .AutoClear(true)
            .Columns(
                new ProgressBarColumn { Width = BarWidth },
                new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context => work(context.AddTask(Markup.Escape(Clean(text)), maxValue: end)));

        static void ShowCursor(PosixSignalContext signal) => Console.Out.Write("\e[?25h");
    }

    /// <summary>Downloads a data set, with a bar on a terminal.</summary>
    /// <exception cref="InputException">It cannot be downloaded.</exception>
    public void Download(string name, string folder)
    {
        using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };   // the downloader has its own
        var downloader = new Downloader(client);
        WithProgressBar(name, 1, bar => Report(Fetch(bar is null ? null : new Reporter(progress =>
        {
            bar.MaxValue = progress.Size ?? Math.Max(1, progress.Received);
            bar.Value = progress.Received;
            bar.Description = Markup.Escape(Clean($"{progress.File}  {NumberFormatting.Bytes(progress.Received)}"));
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
        else foreach (var line in lines) writer.WriteLine(line);
    }

    /// <summary>
    /// Lines that clear those in which they are printed. Under a bar they begin in the bar's line, and would not cover
    /// all of it.
    /// </summary>
    private sealed class ClearedLines(string[] lines, Style? style) : Renderable
    {
        private const string Clear = "\e[2K";

        protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
            lines.SelectMany(
                line => (Segment[])[Segment.Control(Clear), new(line, style ?? Style.Plain), Segment.LineBreak]);
    }

    /// <summary>Reports in the same thread and in order, unlike <see cref="Progress{T}"/>.</summary>
    private sealed class Reporter(Action<DownloadProgress> report) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => report(value);
    }
}

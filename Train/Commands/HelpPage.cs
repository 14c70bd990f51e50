using System.CommandLine;
using System.CommandLine.Invocation;

namespace PyNetSharp.Train;

/// <summary>Prints a command's options, in groups, with examples.</summary>
internal sealed class HelpPage : SynchronousCommandLineAction
{
    private const int Indent = 2, MaxTermWidth = 30, MinDescriptionWidth = 24;
    private const int RedirectedWidth = 100;         // in files and pipes

    private readonly int width = Console.IsOutputRedirected ? RedirectedWidth : new ConsoleOutput().Width;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is ConsoleCommand command) Write(output, command);
        else Write(output, parseResult.RootCommandResult.Command);
        return 0;
    }

    private void Write(TextWriter output, Command root)
    {
        var commands = root.Subcommands.OfType<ConsoleCommand>().ToArray();
        WriteLines(output, $"{root.Description}\n\nUsage: pynet [COMMAND] [OPTIONS]\n\nCommands:");
        WriteTerms(output, commands.Select(command => (command.Usage, command.Description!)));
        WriteLines(output, "\nOther options:");
        WriteTerms(
            output,
            [("-h, --help", "Show this page, or after a command that command's."), ("--version", "Show the version.")]);
        WriteExamples(output, commands.SelectMany(command => command.Examples.Take(2)));
    }

    private void Write(TextWriter output, ConsoleCommand command)
    {
        WriteLines(output, $"{command.Description}\n\nUsage: pynet {command.Usage} [OPTIONS]");
        if (command.Arguments.Count > 0) output.WriteLine();
        WriteTerms(output, command.Arguments.Select(argument => (argument.Name, argument.Description!)));
        foreach (var (title, options) in command.Groups)
        {
            WriteLines(output, $"\n{title}:");
            WriteTerms(output, options.Select(option => (Term(option), option.Description!)));
        }

        WriteExamples(output, command.Examples);
    }

    /// <summary>A command line that is too long continues after a backslash, as in a shell.</summary>
    private void WriteExamples(TextWriter output, IEnumerable<(string Line, string Meaning)> examples)
    {
        const string Margin = "      ", Continued = " \\";
        WriteLines(output, "\nExamples:");
        foreach (var (line, meaning) in examples)
        {
            WriteLines(output, $"  {meaning.TrimEnd('.')}:");
            string[] whole = [.. TextWrap.Lines(Margin + line, width)];
            if (whole.Length > 1) whole = [.. TextWrap.Lines(Margin + line, Math.Max(1, width - Continued.Length))];
            foreach (var part in whole[..^1]) output.WriteLine(part + Continued);
            output.WriteLine(whole[^1]);
        }
    }

    private static string Term(Option option) => option.HelpName is { } value ? $"{option.Name} {value}" : option.Name;

    /// <summary>Terms on the left, meanings on the right; or below where a term is wide or the page narrow.</summary>
    private void WriteTerms(TextWriter output, IEnumerable<(string Term, string Meaning)> terms)
    {
        var rows = terms.ToArray();
        var lengths = rows.Select(row => row.Term.Length).Where(length => length <= MaxTermWidth);
        var column = lengths.DefaultIfEmpty(0).Max() + 2 * Indent;
        var isNarrow = width - column < MinDescriptionWidth;
        if (isNarrow) column = 3 * Indent;
        foreach (var (term, meaning) in rows)
        {
            string[] lines = [.. TextWrap.Lines(new string(' ', column) + meaning, width)];
            var margin = new string(' ', Indent);
            if (isNarrow || term.Length > MaxTermWidth) WriteLines(output, margin + term);
            else lines[0] = margin + term.PadRight(column - Indent) + lines[0][column..];
            foreach (var line in lines) output.WriteLine(line);
        }
    }

    private void WriteLines(TextWriter output, string text)
    {
        foreach (var line in TextWrap.Lines(text, width)) output.WriteLine(line);
    }
}

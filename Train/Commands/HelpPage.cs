using System.CommandLine;
using System.CommandLine.Invocation;

namespace PyNetSharp;

/// <summary>Prints what a command takes, in groups, with examples.</summary>
internal sealed class HelpPage : SynchronousCommandLineAction
{
    private const int Indent = 2, WidestTerm = 30, Width = 100;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is ConsoleCommand command) Write(output, command);
        else Write(output, parseResult.RootCommandResult.Command);
        return 0;
    }

    private static void Write(TextWriter output, Command root)
    {
        var commands = root.Subcommands.OfType<ConsoleCommand>().ToArray();
        output.WriteLine($"{root.Description}\n\nUsage: pynet [COMMAND] [OPTIONS]\n\nCommands:");
        WriteTerms(output, commands.Select(command => (command.Usage, command.Description!)));
        output.WriteLine("\nOther options:");
        WriteTerms(
            output,
            [("-h, --help", "Show this page, or after a command that command's."), ("--version", "Show the version.")]);
        output.WriteLine("\nExamples:");
        WriteExamples(output, commands.SelectMany(command => command.Examples.Take(2)));
    }

    private static void Write(TextWriter output, ConsoleCommand command)
    {
        output.WriteLine($"{command.Description}\n\nUsage: pynet {command.Usage} [OPTIONS]");
        if (command.Arguments.Count > 0) output.WriteLine();
        WriteTerms(output, command.Arguments.Select(argument => (argument.Name, argument.Description!)));
        foreach (var (title, options) in command.Groups)
        {
            output.WriteLine($"\n{title}:");
            WriteTerms(output, options.Select(option => (Term(option), option.Description!)));
        }

        output.WriteLine("\nExamples:");
        WriteExamples(output, command.Examples);
    }

    private static void WriteExamples(TextWriter output, IEnumerable<(string Line, string Meaning)> examples)
    {
        foreach (var (line, meaning) in examples) output.WriteLine($"  {meaning.TrimEnd('.')}:\n      {line}");
    }

    private static string Term(Option option) => option.HelpName is { } value ? $"{option.Name} {value}" : option.Name;

    /// <summary>Terms to the left, their meanings wrapped to the right; below where a term is wide.</summary>
    private static void WriteTerms(TextWriter output, IEnumerable<(string Term, string Meaning)> terms)
    {
        var rows = terms.ToArray();
        var lengths = rows.Select(row => row.Term.Length).Where(length => length <= WidestTerm);
        var column = lengths.DefaultIfEmpty(0).Max() + 2 * Indent;
        foreach (var (term, meaning) in rows)
        {
            var lines = Wrap(meaning, Width - column).ToArray();
            var beside = term.Length <= WidestTerm;
            output.Write(new string(' ', Indent) + (beside ? term.PadRight(column - Indent) : term));
            output.WriteLine(beside ? lines[0] : "");
            foreach (var line in beside ? lines[1..] : lines) output.WriteLine(new string(' ', column) + line);
        }
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = "";
            }

            line += line.Length == 0 ? word : ' ' + word;
        }

        yield return line;
    }
}

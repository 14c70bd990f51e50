using System.CommandLine;
using System.CommandLine.Help;

namespace PyNetSharp.Train;

/// <summary>Finds the command of a command line and runs it.</summary>
internal sealed class CommandLine
{
    internal static readonly string[] RootOptions = ["-h", "--help", "-?", "--version"];

    private readonly RootCommand root = new("Trains NiN, AlexNet and other networks on an engine of its own, in C#.");

    private readonly ConsoleCommand[] commands;
    private readonly RankSession? ranks;

    /// <summary>All commands.</summary>
    public IReadOnlyList<ConsoleCommand> Commands => commands;

    /// <param name="ranks">The ranks of a distributed run; null in a process of its own.</param>
    public CommandLine(RankSession? ranks = null)
    {
        this.ranks = ranks;
        commands =
        [
            new TrainCommand(ranks), new EvaluateCommand(), new PredictCommand(), new ExportCommand(),
            new ReportCommand(), new ModelsCommand(), new FindLrCommand(), new GradcheckCommand(),
            new DevicesCommand(), new CompletionCommand(),
        ];
        foreach (var command in commands) root.Add(command);
        root.Options.OfType<HelpOption>().Single().Action = new HelpPage();
    }

    /// <returns>The exit code.</returns>
    /// <exception cref="InputException">The command line is invalid, or the command failed.</exception>
    public int Run(string[] args)
    {
        if (CompletionCommand.IsQuestion(args)) return Complete(CompletionCommand.NameCommand(args));

        // Without a command, train; but "pynet --help" is about all commands.
        if (args is [] || (args[0].StartsWith('-') && !RootOptions.Contains(args[0]))) args = ["train", .. args];

        var parse = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parse.Action is not HelpPage) Check(parse, args);
        if (ranks is not null && parse.Action is not HelpPage) CheckDistributed(parse, ranks);

        // Program handles exceptions, StopSignals signals.
        return parse.Invoke(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    /// <summary>Prints the words with which a shell can continue a line.</summary>
    private int Complete(string[] question) => root.Parse(question).Invoke();

    private void Check(ParseResult parse, string[] args)
    {
        if (parse.CommandResult.Command is not ConsoleCommand command)
        {
            if (!args[0].StartsWith('-'))
            {
                var names = commands.Select(c => c.Name);
                throw new InputException(SpellingSuggestion.UnknownNameMessage("command", args[0], names));
            }
        }
        else if (UnknownOptions(parse, command).FirstOrDefault() is { } unknown)
        {
            var names = command.Options.Select(option => option.Name);
            var question = SpellingSuggestion.Find(unknown, names) is { } near ? $"; did you mean '{near}'?" : ".";
            throw new InputException(
                $"unknown option '{unknown}'{question} 'pynet {command.Name} --help' lists the options.");
        }

        if (parse.Errors is [var error, ..])
        {
            var call = parse.CommandResult.Command == root ? "pynet" : $"pynet {parse.CommandResult.Command.Name}";
            throw new InputException($"{error.Message} '{call} --help' says more.");
        }
    }

    private static void CheckDistributed(ParseResult parse, RankSession ranks)
    {
        if (parse.CommandResult.Command is ConsoleCommand and not TrainCommand)
            throw new InputException(
                $"pynet {parse.CommandResult.Command.Name} is a command of one process, but the launcher of MPI has " +
                $"started {ranks.Group.Size}; only 'pynet train' is distributed. Run it without mpirun.");
    }

    /// <summary>What looks like an option, but was parsed as an argument because there is no such option.</summary>
    private static IEnumerable<string> UnknownOptions(ParseResult parse, ConsoleCommand command) =>
        command.Arguments
            .SelectMany(argument => parse.GetResult(argument)?.Tokens.Select(token => token.Value) ?? [])
            .Concat(parse.UnmatchedTokens)
            .Where(text => text.Length > 1 && text[0] == '-' && (text[1] == '-' || char.IsLetter(text[1])))
            .Select(text => text.Split('=', ':')[0]);
}

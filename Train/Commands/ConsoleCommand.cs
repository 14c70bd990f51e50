using System.CommandLine;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary>One of the app's commands: its options, its help page and its action.</summary>
internal abstract class ConsoleCommand : Command
{
    protected ConsoleCommand(string name, string usage, string summary) : base(name, summary)
    {
        Usage = usage;
        SetAction(Run);
    }

    /// <summary>Name and arguments: "train [MODEL]".</summary>
    public string Usage { get; }

    /// <summary>The options as the help page lists them.</summary>
    public List<(string Title, Option[] Options)> Groups { get; } = [];

    /// <summary>Command lines, and what they do.</summary>
    public List<(string Line, string Meaning)> Examples { get; } = [];

    /// <returns>The exit code.</returns>
    protected abstract int Run(ParseResult parse);

    /// <summary>Adds an argument that names a network, which a shell can complete.</summary>
    protected void AddModel(Argument argument)
    {
        argument.CompletionSources.Add([.. NetworkCatalog.All.Select(network => network.Name)]);
        Add(argument);
    }

    protected void AddGroup(string title, params Option[] options)
    {
        Groups.Add((title, options));
        foreach (var option in options) Add(option);
    }
}

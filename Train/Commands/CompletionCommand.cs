using System.CommandLine;

namespace PyNetSharp.Train;

/// <summary><c>pynet completion SHELL</c>: a script with which a shell completes command lines.</summary>
/// <remarks>The scripts ask <c>pynet "[suggest:POSITION]" "LINE"</c>, System.CommandLine's own directive.</remarks>
internal sealed class CompletionCommand : ConsoleCommand
{
    private const string Directive = "[suggest:";

    private const string Bash =
        """
        _pynet() {
            local IFS=$'\n' current=${COMP_WORDS[COMP_CWORD]}
            COMPREPLY=($(compgen -W "$(pynet "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "$current"))
        }
        complete -o default -F _pynet pynet
        """;

    private const string Zsh =
        """
        _pynet() {
            local found=("${(@f)$(pynet "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
            found=(${found:#})
            if (( $#found )); then compadd -- $found; else _files; fi
        }
        compdef _pynet pynet
        """;

    private const string Pwsh =
        """
        Register-ArgumentCompleter -Native -CommandName pynet -ScriptBlock {
            param($word, $line, $position)
            pynet "[suggest:$position]" "$line" 2>$null | Where-Object { $_ -like "$word*" } | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
            }
        }
        """;

    private static readonly Dictionary<string, string> Scripts =
        new() { ["bash"] = Bash, ["zsh"] = Zsh, ["pwsh"] = Pwsh };

    private readonly Argument<string> shell = new("SHELL") { Description = "bash, zsh or pwsh (PowerShell)." };

    public CompletionCommand()
        : base("completion", "completion SHELL", "Print a script that completes command lines in a shell.")
    {
        shell.AcceptOnlyFromAmong([.. Scripts.Keys]);
        Add(shell);
        Examples.AddRange(
        [
            ("""eval "$(pynet completion bash)" """.TrimEnd(), "Complete in this shell; in ~/.bashrc, in every one."),
            ("pynet completion pwsh | Out-String | Invoke-Expression", "The same in PowerShell."),
        ]);
    }

    /// <summary>Whether a shell asks how a command line can go on.</summary>
    public static bool IsQuestion(string[] args) =>
        args is [var first, _] && first.StartsWith(Directive, StringComparison.Ordinal) && first.EndsWith(']');

    /// <summary>
    /// The question with <c>train</c> in its command line, where that begins with options: the command need not be
    /// named.
    /// </summary>
    public static string[] NameCommand(string[] args)
    {
        const string Train = "train ";
        var line = args[1];
        var start = line.IndexOf(' ', StringComparison.Ordinal) + 1;
        while (start > 0 && start < line.Length && line[start] == ' ') start++;
        var isOption = start > 0 && start < line.Length && line[start] == '-'
            && !CommandLine.RootOptions.Any(option => option.StartsWith(line[start..], StringComparison.Ordinal)
                && line[start..].Length > 2);
        return isOption && int.TryParse(args[0][Directive.Length..^1], out var position)
            ? [$"{Directive}{position + Train.Length}]", line.Insert(start, Train)]
            : args;
    }

    protected override int Run(ParseResult parse)
    {
        ConsoleOutput.WriteDocument(Scripts[parse.GetValue(shell)!]);
        return 0;
    }
}

using System.Globalization;
using System.Text;

namespace PyNetSharp.Train;

/// <summary>Commands of <c>pynet</c> to be pasted into the shell from which this process was started.</summary>
internal static class ShellCommand
{
    private const string Program = "pynet";

    /// <summary>The command that continues the run in a folder.</summary>
    /// <param name="folder">The folder, which may be relative.</param>
    /// <param name="more">More of its arguments.</param>
    public static string Resume(string folder, params string[] more) =>
        Of(["train", "--resume", PathArgument(folder), .. more]);

    /// <summary>A command line of this program.</summary>
    public static string Of(IEnumerable<string> arguments) =>
        string.Join(' ', ProgramWords().Concat(arguments).Select(Quote));

    /// <summary>A path that no option's parser takes for an option or for the home folder.</summary>
    public static string PathArgument(string path) => path.StartsWith('-') || path.StartsWith('~') ? $"./{path}" : path;

    /// <summary>A word as a shell reads it, in quotes where it needs them.</summary>
    public static string Quote(string word)
    {
        if (word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "_-./:=@%+,".Contains(c))) return word;
        if (OperatingSystem.IsWindows())
            return word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "_-./\\:=+,".Contains(c))
                ? word
                : $"\"{word}\"";
        return word.Any(char.IsControl)
            ? QuoteControl(word)
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }

    /// <summary>As bash, zsh and POSIX 2024 write characters that would control the terminal.</summary>
    private static string QuoteControl(string word)
    {
        var quoted = new StringBuilder("$'");
        foreach (var value in Encoding.UTF8.GetBytes(word))
            if (value is < 0x20 or >= 0x7F) quoted.Append(CultureInfo.InvariantCulture, $"\\{Octal(value)}");
            else if (value is (byte)'\'' or (byte)'\\') quoted.Append('\\').Append((char)value);
            else quoted.Append((char)value);
        return quoted.Append('\'').ToString();

        static string Octal(byte value) => Convert.ToString(value, 8).PadLeft(3, '0');
    }

    /// <summary>How this process was started: by a name that the shell finds, or by a path.</summary>
    private static string[] ProgramWords()
    {
        if (Environment.ProcessPath is not { } path) return [Program];
        var name = Path.GetFileNameWithoutExtension(path);
        var words = IsFoundByShell(path) ? name : path;
        return name == "dotnet" ? [words, Path.Combine(AppContext.BaseDirectory, $"{Program}.dll")] : [words];
    }

    private static bool IsFoundByShell(string path)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        var first = folders.Where(folder => folder.Length > 0)
            .Select(folder => Path.Combine(folder, Path.GetFileName(path))).FirstOrDefault(File.Exists);
        return first is not null && Target(first) == Target(path);

        static string Target(string file) => File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file;
    }
}

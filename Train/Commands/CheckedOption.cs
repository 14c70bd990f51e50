using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using PyNetSharp.Data;

namespace PyNetSharp.Train;

/// <summary>The values of an option that is true or false.</summary>
internal enum BooleanChoice
{
    /// <summary>Yes.</summary>
    True,

    /// <summary>No.</summary>
    False,
}

/// <summary>Options whose values are checked as they are parsed; null means that an option was not given.</summary>
internal static class CheckedOption
{
    /// <summary>A whole number in a range.</summary>
    public static Option<int?> Integer(string name, string help, int least = 1, int most = int.MaxValue) =>
        Integer(name, help, SettingRange.Integers(least, most));

    /// <summary>A whole number in a range.</summary>
    public static Option<int?> Integer(string name, string help, SettingRange range) => Create<int?>(
        name, "N", help, range.Text,
        text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n)
            && range.Contains(n) ? n : null);

    /// <summary>A number; <paramref name="range"/> describes what <paramref name="fits"/> tests.</summary>
    public static Option<double?> Number(
        string name, string value, string help, string range, Func<double, bool> fits) =>
        Number(name, value, help, new($"a number {range}", fits));

    /// <summary>A number in a range.</summary>
    public static Option<double?> Number(string name, string value, string help, SettingRange range) => Create<double?>(
        name, value, help, range.Text,
        text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var x)
            && range.Contains(x) ? x : null);

    /// <summary>A seed.</summary>
    public static Option<ulong?> Seed(string name, string help) => Create<ulong?>(
        name, "N", help, "a whole number from 0 up",
        text => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null);

    /// <summary>true or false; for an option of type bool the parser would not report other words.</summary>
    public static Option<BooleanChoice?> Boolean(string name, string help) => Choice<BooleanChoice>(name, help);

    /// <summary>One of an enumeration's names, in lower case.</summary>
    /// <param name="name">The option.</param>
    /// <param name="help">Its description.</param>
    /// <param name="value">What stands for the value in help; null for all names.</param>
    public static Option<T?> Choice<T>(string name, string help, string? value = null) where T : struct, Enum
    {
        string[] names = [.. Enum.GetNames<T>().Select(n => n.ToLowerInvariant())];
        return Create<T?>(
            name, value ?? string.Join('|', names), help, $"one of {string.Join(", ", names)}",
            text => Array.IndexOf(names, text) is >= 0 and var i ? Enum.GetValues<T>()[i] : null, names);
    }

    /// <summary>A text that is checked later, if at all.</summary>
    /// <param name="known">Those that a shell suggests.</param>
    public static Option<string?> Text(string name, string value, string help, params string[] known) =>
        Create<string?>(name, value, help, "a text that is not empty", text => text.Length > 0 ? text : null, known);

    /// <summary>A text that may be left out after the option's name.</summary>
    /// <param name="implied">The text where it is left out.</param>
    public static Option<string?> OptionalText(
        string name, string value, string help, string implied, params string[] known)
    {
        var option = Create<string?>(name, $"[{value}]", help, "", text => text, known);
        option.Arity = ArgumentArity.ZeroOrOne;
        option.CustomParser = result => result.Tokens is [var given] ? given.Value : implied;
        return option;
    }

    /// <summary>A text that a function accepts.</summary>
    public static Option<string?> Checked(
        string name, string value, string help, string expected, Func<string, bool> fits) =>
        Create<string?>(name, value, help, expected, text => fits(text) ? text : null);

    /// <summary>A file or folder; <c>~</c> at its beginning is the home folder.</summary>
    public static Option<string?> Path(string name, string value, string help) => new(name)
    {
        HelpName = value,
        Description = help,
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result => ParsePath(result, name),
    };

    /// <summary>A switch that may be followed by a port.</summary>
    public static Option<int?> Port(string name, string help)
    {
        var option = Integer(name, help, 0, 65535);
        (option.HelpName, option.Arity) = ("[PORT]", ArgumentArity.ZeroOrOne);
        return option;
    }

    /// <summary>A switch.</summary>
    public static Option<bool> Switch(string name, string help) =>
        new(name) { Description = help, Arity = ArgumentArity.Zero };

    /// <param name="expected">Completes "expected …" for a text that <paramref name="read"/> turns into null.</param>
    /// <param name="known">The values that a shell suggests.</param>
    private static Option<T?> Create<T>(
        string name, string value, string help, string expected, Func<string, T?> read, params string[] known)
    {
        var option = new Option<T?>(name)
        {
            HelpName = value,
            Description = help,
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = result => Parse(result, name, expected, read),
        };
        option.CompletionSources.Clear();       // of an enumeration: names as C# writes them
        option.CompletionSources.Add(known);
        return option;
    }

    private static string? ParsePath(ArgumentResult result, string name)
    {
        try
        {
            var path = Parse(result, name, "a path that is not empty", text => text.Length > 0 ? text : null);
            return path is null ? null : UserPath.Expand(path);
        }
        catch (InputException fault)
        {
            result.AddError($"{name} {fault.Message}");
            return null;
        }
    }

    private static T? Parse<T>(ArgumentResult result, string name, string expected, Func<string, T?> read)
    {
        if (result.Tokens.Count == 0) return default;
        var text = result.Tokens[0].Value;
        var parsed = read(text);
        if (parsed is null) result.AddError($"{name} '{text}': expected {expected}.");
        return parsed;
    }
}

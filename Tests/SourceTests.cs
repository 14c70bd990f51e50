using System.Runtime.CompilerServices;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The sizes of the repository's C# files.</summary>
public sealed class SourceTests
{
    private const int MaxColumns = 120;
    private const int MaxLines = 300;

    /// <summary>Files that may be longer, from the repository's root, each with its reason.</summary>
    private static readonly Dictionary<string, string> LongFiles = [];

    [Test]
    public void Lines_end_by_column_120()
    {
        var offenders =
            from path in SourceFiles()
            from line in File.ReadLines(Path.Combine(Root(), path)).Index()
            where line.Item.Length > MaxColumns || line.Item.Contains('\t', StringComparison.Ordinal)
            select $"{path}:{line.Index + 1}: {line.Item.Length} columns{(line.Item.Contains('\t') ? ", a tab" : "")}";
        Assert.That(string.Join('\n', offenders), Is.Empty);
    }

    [Test]
    public void Files_have_300_lines_at_most()
    {
        var lengths = SourceFiles()
            .ToDictionary(path => path, path => File.ReadLines(Path.Combine(Root(), path)).Count());
        var offenders = lengths
            .Where(file => file.Value > MaxLines && !LongFiles.ContainsKey(file.Key))
            .Select(file => $"{file.Key}: {file.Value} lines");
        Assert.That(string.Join('\n', offenders), Is.Empty);
        Assert.That(
            LongFiles.Keys.Where(path => lengths.GetValueOrDefault(path) <= MaxLines), Is.Empty,
            "exceptions that are not needed");
    }

    [Test]
    public void The_source_files_are_found() =>
        Assert.That(SourceFiles(), Does.Contain("Engine/Tensor.cs").And.Contain("Tests/SourceTests.cs"));

    /// <summary>All C# files that are not generated, by their paths from the root with slashes, in order.</summary>
    private static IEnumerable<string> SourceFiles() =>
        Directory.EnumerateFiles(Root(), "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root(), path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(folder => folder is "bin" or "obj"))
            .Order(StringComparer.Ordinal);

    internal static string RepositoryRoot => Root();

    private static string Root([CallerFilePath] string path = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, ".."));
}

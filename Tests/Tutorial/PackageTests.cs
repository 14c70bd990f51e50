using System.Diagnostics;
using System.IO.Compression;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The tutorial's code in a project outside the repository, which has only the packages.</summary>
public sealed partial class PackageTests
{
    private const string Program =
        """
        using Tutorial;

        TensorChapter.Run();
        GradientChapter.Run();
        LayerChapter.Run();
        LossChapter.Run();
        ElementwiseChapter.Run();
        OpChapter.Run();
        ResNetTraining.Run();
        TrainerChapter.Run();
        FromPyTorch.Run();
        """;

    private static string Configuration =>
        new DirectoryInfo(AppContext.BaseDirectory).FullName.Contains("Release", StringComparison.Ordinal)
            ? "Release"
            : "Debug";

    [Test, Category("Slow")]
    public void The_tutorial_runs_outside_the_repository()
    {
        if (!Directory.Exists(TutorialPage.Root)) Assert.Ignore("The sources are not on this machine.");
        using var folder = new TemporaryFolder();
        Expect(Run(
            TutorialPage.Root, "pack", "--no-build", "-c", Configuration, "-o", folder["packages"], "PyNetSharp.sln"));
        Assert.That(
            Directory.GetFiles(folder["packages"], "*.nupkg").Select(Path.GetFileName).Order(), Is.EqualTo(
            [
                "PyNetSharp.Data.0.1.0.nupkg", "PyNetSharp.Engine.0.1.0.nupkg", "PyNetSharp.Kernels.0.1.0.nupkg",
                "PyNetSharp.Layers.0.1.0.nupkg", "PyNetSharp.Models.0.1.0.nupkg",
            ]));
        foreach (var package in Directory.GetFiles(folder["packages"], "*.nupkg")) CheckReadme(package);

        WriteProject(folder);
        var restored = Run(folder.Name, "restore");
        if (restored.Output.Contains("NU1301", StringComparison.Ordinal))
            Assert.Ignore($"The packages that ours need cannot be restored here:\n{restored.Output}");
        Expect(restored);
        Expect(Run(folder.Name, "build", "--no-restore", "-c", "Release"));
        var printed = Run(folder.Name, Path.Combine("bin", "Release", "net10.0", "Outside.dll"));
        Expect(printed);
        Assert.That(printed.Output, Is.EqualTo(string.Concat(TutorialPage.Blocks("text"))));
    }

    /// <summary>A package names its readme, whose relative links are to files that it holds.</summary>
    private static void CheckReadme(string package)
    {
        using var archive = ZipFile.OpenRead(package);
        var manifest = Read(archive.Entries.Single(
            entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)));
        var name = Readme().Match(manifest).Groups[1].Value;
        var text = Read(archive.GetEntry(name)!);
        Assert.That(text, Does.StartWith("# PyNetSharp\n"), package);
        var dangling = Links().Matches(text).Select(link => link.Groups[1].Value.Split('#')[0])
            .Where(link => link.Length > 0 && !Uri.IsWellFormedUriString(link, UriKind.Absolute))
            .Where(link => archive.GetEntry(link) is null);
        Assert.That(dangling, Is.Empty, package);
    }

    private static string Read(ZipArchiveEntry entry)
    {
        using var reader = new StreamReader(entry.Open());
        return reader.ReadToEnd();
    }

    [GeneratedRegex("<readme>(.*)</readme>")]
    private static partial Regex Readme();

    /// <summary>The targets of <c>[text](target)</c>, images too, and of <c>[text]: target</c>.</summary>
    [GeneratedRegex(@"(?:\]\(|^\[[^\]]+\]:\s*)([^)\s]+)", RegexOptions.Multiline)]
    private static partial Regex Links();

    /// <summary>The project and the configuration that the page shows, and the tutorial's files.</summary>
    private static void WriteProject(TemporaryFolder folder)
    {
        var blocks = TutorialPage.Blocks("xml").ToArray();
        Assert.That(blocks, Has.Length.EqualTo(2));
        File.WriteAllText(folder["NuGet.config"], blocks[0]);
        File.WriteAllText(folder["Outside.csproj"], blocks[1]);
        File.WriteAllText(folder["Program.cs"], Program);
        foreach (var file in Directory.GetFiles(Path.Combine(TutorialPage.Root, "docs", "tutorial"), "*.cs"))
            File.Copy(file, folder[Path.GetFileName(file)]);
    }

    /// <summary>Runs the command <c>dotnet</c>; its package cache falls back on the user's.</summary>
    private static ChildProcess.Result Run(string folder, params string[] arguments)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder };
        if (folder != TutorialPage.Root)
        {
            var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set
                ? set
                : Path.Combine(home, ".nuget", "packages");
            start.Environment["NUGET_PACKAGES"] = Path.Combine(folder, "cache");
            if (Directory.Exists(cache)) start.Environment["NUGET_FALLBACK_PACKAGES"] = cache;
        }

        // Servers that outlive the command would keep its output open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["UseSharedCompilation"] = "false";
        try
        {
            using var child = ChildProcess.Start(start);
            return child.WaitForEnd();
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            Assert.Ignore($"There is no .NET SDK: {error.Message}");
            throw;
        }
    }

    private static void Expect(ChildProcess.Result result) =>
        Assert.That(result.ExitCode, Is.Zero, $"{result.Output}\n{result.Error}");
}

using System.IO.Compression;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The tutorial's code in a project outside the repository, which has only the packages.</summary>
[Category("Processes")]
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

    [Test, Category("Slow")]
    public void The_tutorial_runs_outside_the_repository()
    {
        using var project = new OutsideProject();
        WriteProject(project);
        project.Restore();
        OutsideProject.Expect(project.RunDotnet("build", "--no-restore", "-c", "Release"));
        var printed = project.RunDotnet(Path.Combine("bin", "Release", "net10.0", "Outside.dll"));
        OutsideProject.Expect(printed);
        Assert.That(printed.Output, Is.EqualTo(string.Concat(TutorialPage.Blocks("text"))));
    }

    [Test, Category("Slow")]
    public void The_libraries_and_the_tool_are_packed_with_their_readme()
    {
        var packages = Directory.GetFiles(OutsideProject.Packages, "*.nupkg");
        Assert.That(
            packages.Select(Path.GetFileName).Order(StringComparer.Ordinal), Is.EqualTo(
            [
                "PyNetSharp.Data.0.1.0.nupkg", "PyNetSharp.Distributed.0.1.0.nupkg", "PyNetSharp.Engine.0.1.0.nupkg",
                "PyNetSharp.Images.0.1.0.nupkg",
                "PyNetSharp.Kernels.0.1.0.nupkg", "PyNetSharp.Layers.0.1.0.nupkg", "PyNetSharp.Models.0.1.0.nupkg",
                "PyNetSharp.Onnx.0.1.0.nupkg",
                "pynet.0.1.0.nupkg",
            ]));
        foreach (var package in packages) CheckReadme(package);
    }

    [Test, Category("Slow")]
    public void The_tool_is_installed_from_its_package_and_runs()
    {
        using var project = new OutsideProject();
        var installed = project.RunDotnet(
            "tool", "install", "pynet", "--version", "0.1.0", "--tool-path", project["tools"],
            "--source", OutsideProject.Packages);
        OutsideProject.Expect(installed);

        var program = Path.Combine(project["tools"], OperatingSystem.IsWindows() ? "pynet.exe" : "pynet");
        var listed = ChildProcess.Run(program, "models");
        OutsideProject.Expect(listed);
        Assert.That(listed.Output, Does.Contain("nin-d2l"));
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

    /// <summary>The project that the page shows, and the tutorial's files.</summary>
    private static void WriteProject(OutsideProject project)
    {
        var blocks = TutorialPage.Blocks("xml").ToArray();
        Assert.That(blocks, Has.Length.EqualTo(2));
        var feed = Path.GetFullPath(OutsideProject.Packages);
        File.WriteAllText(
            project["NuGet.config"],
            blocks[0].Replace("value=\"packages\"", $"value=\"{feed}\"", StringComparison.Ordinal));
        File.WriteAllText(project["Outside.csproj"], blocks[1]);
        File.WriteAllText(project["Program.cs"], Program);
        foreach (var file in Directory.GetFiles(Path.Combine(TutorialPage.Root, "docs", "tutorial"), "*.cs"))
            File.Copy(file, project[Path.GetFileName(file)]);
    }
}

using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The programs of docs/packages.md and of the packages' readme, with the packages alone.</summary>
[Category("Processes")]
public sealed class PackagesPageTests
{
    private const int MaxNativeBytes = 5_000_000;

    private static string Page => File.ReadAllText(Path.Combine(TutorialPage.Root, "docs", "packages.md"));

    [Test, Category("Slow")]
    public void The_programs_run_outside_the_repository()
    {
        using var project = new OutsideProject();
        WriteInputs(project);
        File.WriteAllText(project["Outside.csproj"], Blocks(Page, "xml")[0]);
        var readme = File.ReadAllText(Path.Combine(TutorialPage.Root, "PACKAGE.md"));
        var programs = Blocks(Page, "csharp");
        WriteClass(project, "Readme", Blocks(readme, "csharp")[0] + "\nConsole.WriteLine(accuracy);");
        WriteClass(project, "Predict", programs[0]);
        WriteClass(project, "FineTune", programs[1]);
        File.WriteAllText(project["Program.cs"], "Readme.Run();\nPredict.Run();\nFineTune.Run();\n");
        project.Restore();
        OutsideProject.Expect(project.RunDotnet("build", "--no-restore", "-c", "Release"));
        var printed = project.RunDotnet(Path.Combine("bin", "Release", "net10.0", "Outside.dll"));
        OutsideProject.Expect(printed);

        var lines = printed.Output.TrimEnd().Split('\n');
        Assert.That(double.Parse(lines[0], null), Is.GreaterThan(0.16), "as in ReadmeTests");
        Assert.That(lines.Count(line => line.StartsWith("photos", StringComparison.Ordinal)), Is.EqualTo(40));
        Assert.That(lines[^1], Does.Match(@"of 4 pictures$"));
        var origin = WeightMetadata.Read(project["photos.safetensors"]);
        Assert.That(origin.ClassNames, Is.EqualTo(new[] { "cats", "dogs" }));
        Assert.That(Classifier.Load(project["photos.safetensors"]).ClassNames, Has.Count.EqualTo(2));
    }

    [Test]
    public void The_programs_are_as_short_as_their_headings_say()
    {
        var programs = Blocks(Page, "csharp");
        Assert.That(Statements(programs[0]), Is.LessThanOrEqualTo(10));
        Assert.That(Statements(programs[1]), Is.LessThanOrEqualTo(20));

        static int Statements(string program) => program.Split('\n')
            .Count(line => line.Trim().Length > 0 && !line.StartsWith("using ", StringComparison.Ordinal));
    }

    [Test, Category("Slow")]
    public void The_native_program_is_one_small_file_with_the_same_answer()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("The names of the published files are Linux's.");
        if (!NativeProgramTests.HasLinker()) Assert.Ignore("Native programs need clang or gcc to link.");
        using var project = new OutsideProject();
        WriteInputs(project);
        File.WriteAllText(project["Outside.csproj"], Blocks(Page, "xml")[1]);
        File.WriteAllText(project["Program.cs"], Blocks(Page, "csharp")[2]);
        project.Restore("-r", "linux-x64");
        OutsideProject.Expect(project.RunDotnet("publish", "--no-restore", "-c", "Release", "-r", "linux-x64"));

        var build = Path.Combine("bin", "Release", "net10.0", "linux-x64");
        var files = Directory.GetFiles(project[Path.Combine(build, "publish")])
            .Where(file => Path.GetExtension(file) != ".dbg").ToArray();
        Assert.That(files.Select(Path.GetFileName), Is.EqualTo(new[] { "Outside" }));
        Assert.That(new FileInfo(files[0]).Length, Is.LessThan(MaxNativeBytes));
        var weights = project["runs/first/best.safetensors"];
        var native = ChildProcess.Run(files[0], weights);
        OutsideProject.Expect(native);
        var managed = project.RunDotnet(Path.Combine(build, "Outside.dll"), weights);
        OutsideProject.Expect(managed);
        Assert.That(native.Output, Is.EqualTo(managed.Output).And.Not.Empty);
    }

    /// <summary>A run, and pictures of two classes.</summary>
    private static void WriteInputs(OutsideProject project)
    {
        var trained = PynetProcess.Run(
            project[""], "train", "nin", "--data", "shapes", "--width", "0.25", "--limit", "64", "--max-steps", "2",
            "--batch-size", "16", "--quiet", "--out", "runs/first");
        OutsideProject.Expect(trained);
        foreach (var (k, name) in ((string[])["cats", "dogs"]).Index())
        {
            Directory.CreateDirectory(project[$"photos/{name}"]);
            for (var i = 0; i < 20; i++)
            {
                byte[] row = [.. Enumerable.Range(0, 3 * 40).Select(n => (byte)(150 * k + 4 * i + n % 5))];
                File.WriteAllBytes(
                    project[$"photos/{name}/{i}.png"], ImageBytes.Png(40, 40, 8, 2, [.. Enumerable.Repeat(row, 40)]));
            }
        }
    }

    /// <summary>A program as a class, so that several are one program.</summary>
    private static void WriteClass(OutsideProject project, string name, string program)
    {
        var lines = program.Split('\n');
        var usings = lines.TakeWhile(line => line.Length == 0 || line.StartsWith("using ", StringComparison.Ordinal));
        File.WriteAllText(
            project[$"{name}.cs"],
            $"{string.Join('\n', usings)}\nstatic class {name} {{ public static void Run() {{\n" +
            $"{string.Join('\n', lines.Skip(usings.Count()))}\n}} }}\n");
    }

    private static string[] Blocks(string page, string language) =>
        [.. page.Split($"```{language}\n")[1..].Select(block => block.Split("```")[0])];
}

using System.Diagnostics;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A project outside the repository, which has the packed packages.</summary>
internal sealed class OutsideProject : IDisposable
{
    private static readonly Lazy<TemporaryFolder> Packed = new(Pack);
    private readonly TemporaryFolder folder = new();

    /// <summary>An empty folder, with the packages beside it.</summary>
    public OutsideProject()
    {
        var feed = Packages;
        File.WriteAllText(
            this["NuGet.config"],
            $"""
            <configuration>
              <packageSources>
                <add key="pynetsharp" value="{feed}" />
              </packageSources>
            </configuration>
            """);
    }

    /// <summary>The folder of the packages, which the tests of a run share.</summary>
    public static string Packages
    {
        get
        {
            if (!Directory.Exists(TutorialPage.Root)) Assert.Ignore("The sources are not on this machine.");
            return Packed.Value.Name;
        }
    }

    /// <summary>The full name of a file in the project.</summary>
    public string this[string file] => folder[file];

    /// <summary>Restores the project's packages; skips the test where those that ours need cannot be had.</summary>
    public void Restore(params string[] options)
    {
        var restored = RunDotnet(["restore", .. options]);
        if (restored.Output.Contains("NU1301", StringComparison.Ordinal))
            Assert.Ignore($"The packages that ours need cannot be restored here:\n{restored.Output}");
        Expect(restored);
    }

    /// <summary>Runs the command <c>dotnet</c> in the project; its package cache falls back on the user's.</summary>
    public ChildProcess.Result RunDotnet(params string[] arguments)
    {
        var start = Start(folder.Name, arguments);
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set
            ? set
            : Path.Combine(home, ".nuget", "packages");
        start.Environment["NUGET_PACKAGES"] = this["cache"];
        if (Directory.Exists(cache)) start.Environment["NUGET_FALLBACK_PACKAGES"] = cache;
        return Run(start);
    }

    public static void Expect(ChildProcess.Result result) =>
        Assert.That(result.ExitCode, Is.Zero, $"{result.Output}\n{result.Error}");

    public void Dispose() => folder.Dispose();

    private static TemporaryFolder Pack()
    {
        var packages = new TemporaryFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => packages.Dispose();
        var isRelease = AppContext.BaseDirectory.Contains("Release", StringComparison.Ordinal);
        Expect(Run(Start(
            TutorialPage.Root,
            ["pack", "--no-build", "-c", isRelease ? "Release" : "Debug", "-o", packages.Name, "PyNetSharp.sln"])));
        return packages;
    }

    private static ProcessStartInfo Start(string folder, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder };
        // Servers that outlive the command would keep its output open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["UseSharedCompilation"] = "false";
        return start;
    }

    private static ChildProcess.Result Run(ProcessStartInfo start)
    {
        try
        {
            using var child = ChildProcess.Start(start);
            return child.WaitForEnd(TimeSpan.FromMinutes(8));       // the AOT compiler is slow on a busy machine
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            Assert.Ignore($"There is no .NET SDK: {error.Message}");
            throw;
        }
    }
}

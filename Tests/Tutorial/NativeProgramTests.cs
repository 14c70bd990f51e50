using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A program compiled ahead of time finds and computes what the same program does under the JIT.</summary>
[Category("Processes")]
public sealed class NativeProgramTests
{
    private const string Project =
        """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
            <PublishAot>true</PublishAot>
            <IlcInstructionSet>native</IlcInstructionSet>       <!-- otherwise SSE alone, without FMA: other bits -->
            <InvariantGlobalization>true</InvariantGlobalization>
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="PyNetSharp.Models" Version="0.1.0" />
          </ItemGroup>
        </Project>
        """;

    /// <summary>State in every kind of member, a saved and loaded network, the metrics' JSON.</summary>
    private const string Program =
        """
        using System.Collections;
        using System.Collections.Immutable;
        using PyNetSharp;
        using PyNetSharp.Layers;
        using PyNetSharp.Models;
        using PyNetSharp.Training;

        foreach (var (name, tensor) in new Holders(new Rng(1)).State()) Console.WriteLine($"{name} {tensor.Shape}");

        var network = NetworkCatalog.Find("lenet5");
        var options = new NetworkOptions(network.Input, 10);
        network.Create(options, new Rng(2)).Save("weights.safetensors");
        var model = network.Create(options, new Rng(3));
        model.Load("weights.safetensors");
        model.Eval();
        var scores = model.Forward(Tensor.Normal([2, .. network.Input], 0, 1, new Rng(4)));
        foreach (var score in scores.ToArray()) Console.WriteLine(BitConverter.SingleToInt32Bits(score));

        MetricsFile.Write("metrics.jsonl", [new EpochRecord(1, 10, double.NaN, 0.5, null, 1, 2, 0.1)]);
        Console.WriteLine(MetricsFile.Read("metrics.jsonl")[0]);

        sealed class Holders : Module
        {
            private readonly Linear hidden;
            private readonly List<KeyValuePair<string, Linear>> pairs;
            private readonly (Linear First, BatchNorm1d Second) tuple;
            private readonly Chain chain;

            public Holders(Rng rng)
            {
                hidden = Next();
                pairs = [new("left", Next()), new("right", Next())];
                tuple = (Next(), new BatchNorm1d(2));
                chain = new(Next(), Next());
                Listed = [Next(), Next()];
                Named = new() { ["a"] = Next() };
                Fixed = [Next()];

                Linear Next() => new(2, 2, rng);
            }

            public List<Linear> Listed { get; }

            public Dictionary<string, Module> Named { get; }

            public ImmutableArray<Linear> Fixed { get; }

            public Linear Computed => hidden;

            protected override Tensor Forward(Tensor x) =>
                tuple.Second.Forward(chain.Aggregate(x, (y, layer) => layer.Forward(y)));
        }

        sealed class Chain(params Linear[] layers) : IEnumerable<Linear>
        {
            public IEnumerator<Linear> GetEnumerator() => ((IEnumerable<Linear>)layers).GetEnumerator();

            IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
        }
        """;

    [Test, Category("Slow")]
    public void A_native_program_has_all_state_and_the_same_bits()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("The names of the published files are Linux's.");
        if (!HasLinker()) Assert.Ignore("Native programs need clang or gcc to link.");
        using var project = new OutsideProject();
        File.WriteAllText(project["Outside.csproj"], Project);
        File.WriteAllText(project["Program.cs"], Program);
        project.Restore("-r", "linux-x64");

        OutsideProject.Expect(project.RunDotnet("publish", "--no-restore", "-c", "Release", "-r", "linux-x64"));
        var native = ChildProcess.Run(
            "sh", "-c", $"cd '{project[""]}' && bin/Release/net10.0/linux-x64/publish/Outside");
        OutsideProject.Expect(native);
        var managed = project.RunDotnet(Path.Combine("bin", "Release", "net10.0", "linux-x64", "Outside.dll"));
        OutsideProject.Expect(managed);

        Assert.That(native.Output, Does.Contain("listed.1.weight [2, 2]").And.Contain("pairs.0.left.bias [2]"));
        Assert.That(native.Output, Is.EqualTo(managed.Output));
    }

    internal static bool HasLinker() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, "clang")) || File.Exists(Path.Combine(folder, "gcc")));
}

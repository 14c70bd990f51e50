using System.Diagnostics;
using System.Globalization;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// Damages files as <see cref="HostileFileTests"/> does, and keeps those that take new branches, to damage them again.
/// </summary>
/// <remarks>Runs by <c>fuzz.sh</c> only, which instruments the assemblies.</remarks>
public sealed class CoverageGuidedTests
{
    private const int MaxFaults = 20;

    private static HostileFormat[] Formats => HostileFormat.All;

    [TestCaseSource(nameof(Formats))]
    public void New_branches_are_searched(object format)
    {
        if (!Coverage.IsInstrumented)
            Assert.Ignore("The assemblies are not instrumented: Tests/HostileFiles/fuzz.sh does that.");
        var limit = Environment.GetEnvironmentVariable("PYNET_FUZZ_MINUTES") ?? "1";
        var minutes = double.Parse(limit, CultureInfo.InvariantCulture);

        var hostile = (HostileFormat)format;
        using var reader = new HostileReader(hostile);
        var seen = Coverage.NewRecord();
        List<byte[]> corpus = [.. hostile.Seeds];
        foreach (var seed in hostile.Seeds) Run(seed);

        var faults = new Dictionary<string, string>();
        var (rng, clock, count) = (new Rng((ulong)Environment.TickCount64), Stopwatch.StartNew(), 0L);
        while (clock.Elapsed.TotalMinutes < minutes && faults.Count < MaxFaults)
        {
            // Half of the time one of the newest, which are the least explored.
            var newest = Math.Min(corpus.Count, 16);
            var from = rng.Next(2) == 0 ? corpus[^(1 + rng.Next(newest))] : corpus[rng.Next(corpus.Count)];
            var content = Mutator.Mutate(from, rng, corpus);
            count++;
            if (Run(content) is { } problem)
                faults.TryAdd(Kind(problem), $"{problem}\n{Convert.ToBase64String(content)}");
        }

        TestContext.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{hostile.Name}: {count} inputs in {clock.Elapsed.TotalMinutes:0.0} minutes, {corpus.Count} kept, " +
            $"{seen.Count(bits => bits != 0)} branches; at most {reader.Longest.TotalMilliseconds:0} ms and " +
            $"{reader.MostMemory / 1e6:0.0} MB"));
        Assert.That(faults.Values, Is.Empty, string.Join("\n\n", faults.Values));

        string? Run(byte[] content)
        {
            Coverage.Clear();
            var problem = reader.Run(content);
            if (Coverage.Merge(seen)) corpus.Add(content);
            return problem;
        }
    }

    /// <summary>The first lines of a fault: its type and where it was thrown.</summary>
    private static string Kind(string problem)
    {
        var lines = problem.Split('\n');
        var place = Array.Find(lines, line => line.Contains(" at PyNetSharp.", StringComparison.Ordinal));
        return lines[0].Split(':')[0] + place;
    }
}

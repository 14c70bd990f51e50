using System.Globalization;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// Damaged files of every format end in an <see cref="InputException"/> or are read: nothing else is thrown, nothing
/// hangs, takes much memory or writes elsewhere.
/// </summary>
/// <remarks>
/// <c>PYNET_MUTATIONS=12000</c> tries 12,000 files per format instead of some hundred; see docs/hostile-files.md.
/// </remarks>
public sealed class HostileFileTests
{
    private const int ShortCount = 300;

    private static readonly int Count =
        Environment.GetEnvironmentVariable("PYNET_MUTATIONS") is { } count
            ? int.Parse(count, CultureInfo.InvariantCulture)
            : ShortCount;

    private static HostileFormat[] Formats => HostileFormat.All;

    [TestCaseSource(nameof(Formats))]
    public void Damaged_files_are_refused_or_read(object format)
    {
        var hostile = (HostileFormat)format;
        using var reader = new HostileReader(hostile);
        foreach (var seed in hostile.Seeds) reader.Run(seed);
        Assert.That(reader.Counts.Read, Is.Positive, "no valid file is read");

        for (var i = 0; i < Count; i++)
        {
            var rng = new Rng(20261126).Split((ulong)i);
            var content = Mutator.Mutate(hostile.Seeds[i % hostile.Seeds.Length], rng, hostile.Seeds);
            if (reader.Run(content) is { } problem)
                Assert.Fail($"{hostile.Name}, mutation {i}: {problem}\n{Convert.ToBase64String(content)}");
        }

        TestContext.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{hostile.Name}: {reader.Counts.Refused} refused, {reader.Counts.Read} read; at most " +
            $"{reader.Longest.TotalMilliseconds:0} ms and {reader.MostMemory / 1e6:0.0} MB"));
        Assert.That(reader.Counts.Refused, Is.Positive, "no damage was noticed");
    }
}

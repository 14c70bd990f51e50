namespace PyNetSharp.Benchmarks;

/// <summary>The command <c>compare</c>: our training step beside PyTorch's, by turns, and the ratio of the medians.</summary>
internal static class ComparisonTable
{
    public static int Print(string[] names, int? batch, int repeat, int rounds, int threads, string python)
    {
        if (Peer.Missing(python) is { } reason)
        {
            Console.WriteLine($"Skipped: {reason}");
            return 0;
        }

        foreach (var network in names.Select(Networks.Find)) Print(network, batch ?? 128, repeat, rounds, threads, python);
        return 0;
    }

    private static void Print(Network network, int batch, int repeat, int rounds, int threads, string python)
    {
        Console.WriteLine($"{network.Name}, batch {batch}, {threads} threads, {rounds} rounds of {repeat} steps each, by turns");
        var step = new Step(new(network, batch, true), threads);
        var ours = new List<double>();
        var theirs = Peer.All.ToDictionary(peer => peer, _ => new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            ours.AddRange(step.Measure(repeat));
            foreach (var (peer, seconds) in theirs) seconds.AddRange(peer.Measure(python, network.Name, batch, repeat, threads));
        }

        Line("PyNetSharp", ours);
        foreach (var (peer, seconds) in theirs) Line(peer.ToString(), seconds);
        var best = theirs.Values.Min(Statistics.Median);
        Console.WriteLine($"ratio of medians, to PyTorch at its best: {Statistics.Median(ours) / best:F2}");
        Console.WriteLine();

        static void Line(string name, List<double> seconds) => Console.WriteLine(
            $"  {name,-45} median {1e3 * Statistics.Median(seconds),7:F0} ms   best {1e3 * seconds.Min(),7:F0} ms");
    }
}

namespace PyNetSharp.Mutation;

/// <summary>The table of scores.</summary>
internal static class MutationReport
{
    /// <summary>Prints a row per folder and per area, and lists explanations that explain nothing any more.</summary>
    /// <param name="explanations">A file: a fault's key, " // " and the reason a line; others are comments.</param>
    public static void Print(
        IReadOnlyList<Fault> faults, IReadOnlyDictionary<string, Verdict> verdicts, string explanations)
    {
        var explained = File.ReadLines(explanations).Where(line => line.Contains(" // ", StringComparison.Ordinal))
            .Select(line => line[..line.IndexOf(" // ", StringComparison.Ordinal)]).ToHashSet();
        Console.WriteLine();
        Console.WriteLine("| folder | faults | noticed | survived | of these explained | score |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|");
        foreach (var (area, prefixes) in FaultSample.Areas)
        {
            var own = faults.Where(fault => prefixes.Any(fault.Path.StartsWith)).ToArray();
            foreach (var folder in own.GroupBy(fault => fault.Folder)) Row($"`{folder.Key}`", folder);
            if (own.Length > 0) Row($"**{area}**", own);
        }

        foreach (var key in explained.Except(verdicts.Values.Where(v => !v.IsNoticed).Select(v => v.Key)))
            Console.WriteLine($"explained, but no survivor: {key}");

        void Row(string name, IEnumerable<Fault> group)
        {
            var outcome = group.Select(fault => verdicts[fault.Key]).ToArray();
            var noticed = outcome.Count(verdict => verdict.IsNoticed);
            var reasoned = outcome.Count(verdict => !verdict.IsNoticed && explained.Contains(verdict.Key));
            Console.WriteLine(
                $"| {name} | {outcome.Length} | {noticed} | {outcome.Length - noticed} | {reasoned} | "
                + $"{100.0 * noticed / Math.Max(1, outcome.Length - reasoned):f0} % |");
        }
    }
}

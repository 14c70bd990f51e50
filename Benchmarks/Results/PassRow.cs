namespace PyNetSharp.Benchmarks;

/// <summary>One line of the command <c>passes</c>.</summary>
/// <param name="Seconds">The median of several runs.</param>
/// <param name="Operations">Two to a multiply-add of direct convolution.</param>
/// <param name="Peak">The machine's peak measured beside it, in operations per second: the median.</param>
/// <param name="Share">Of the peak: the median over the runs, each divided by its own peak.</param>
internal sealed record PassRow(
    string Pass, string Networks, double Seconds, long Operations, double Peak, double Share);

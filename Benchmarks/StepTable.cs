namespace PyNetSharp.Benchmarks;

/// <summary>The command <c>steps</c>: a line per network.</summary>
internal static class StepTable
{
    public static int BatchOf(Network network, int? batch) => batch ?? (network.Input[^1] > 100 ? 16 : 128);

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    public static void Print(string[] names, int? batch, int repeat, int threads)
    {
        Console.WriteLine($"{"network",-22} {"batch",5} {"median ms",10} {"best ms",9} {"images/s",9} {"GFLOP/s",8} {"peak MB",8} {"new blocks",10}");
        foreach (var network in names.Select(Networks.Find))
        {
            var images = BatchOf(network, batch);
            var step = new TrainingStep(network, images, threads);
            step.Measure(1);
            var blocks = step.Memory.BlocksTaken;
            var seconds = step.Measure(repeat);
            var median = Median(seconds);
            Console.WriteLine(
                $"{network.Name,-22} {images,5} {1e3 * median,10:F1} {1e3 * seconds.Min(),9:F1} {images / median,9:F0} " +
                $"{2e-9 * step.MultiplyAdds / median,8:F0} {step.Memory.Peak / 1e6,8:F0} {step.Memory.BlocksTaken - blocks,10}");
        }
    }
}

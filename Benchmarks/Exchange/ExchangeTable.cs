using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using PyNetSharp.Distributed;
using PyNetSharp.Training;

namespace PyNetSharp.Benchmarks;

/// <summary>The command <c>exchange</c>, under <c>mpirun</c>: how long the ranks take to sum gradients.</summary>
internal static class ExchangeTable
{
    private const long BytesPerMegabyte = 1_000_000;

    /// <param name="megabytes">The sizes, of each rank's values.</param>
    /// <param name="repeat">The sums to time, of each size.</param>
    /// <exception cref="InputException">No launcher of MPI has started the process.</exception>
    public static void Print(IReadOnlyList<double> megabytes, int repeat)
    {
        if (!MpiProcessGroup.IsLaunched)
            throw new InputException("exchange: expected 'mpirun -n 2 dotnet Benchmarks.dll exchange'.");
        var group = MpiProcessGroup.Start();
        var isFirst = group.Rank == 0;
        if (isFirst)
            Console.WriteLine($"{group.Size} ranks, {group.Library}\n{"MB",8} {"ms",9} {"at best",9} {"MB/s",8}");
        foreach (var size in megabytes)
        {
            var values = new float[Math.Max(1, (int)(size * BytesPerMegabyte / sizeof(float)))];
            CheckSum(group, values);
            double[] seconds = [.. Enumerable.Range(0, repeat).Select(_ => Measure(group, values))];
            var median = Statistics.Median(seconds);
            if (isFirst)
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{size,8:G4} {1e3 * median,9:F2} {1e3 * seconds.Min(),9:F2} {size / median,8:F0}"));
        }

        group.Close();
    }

    /// <summary>The seconds of one sum, from when all ranks are ready.</summary>
    private static double Measure(MpiProcessGroup group, float[] values)
    {
        group.AllGather(new byte[1], new byte[group.Size]);
        var start = Stopwatch.GetTimestamp();
        group.AllReduce(values);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Compares a sum with that of numbers which each rank computes for all.</summary>
    /// <exception cref="InvalidOperationException">They differ.</exception>
    private static void CheckSum(MpiProcessGroup group, float[] values)
    {
        for (var i = 0; i < values.Length; i++) values[i] = ValueOf(group.Rank, i);
        group.AllReduce(values);
        var terms = new float[group.Size];
        for (var i = 0; i < values.Length; i++)
        {
            for (var rank = 0; rank < terms.Length; rank++) terms[rank] = ValueOf(rank, i);
            if (BitConverter.SingleToInt32Bits(SumOf(terms)) != BitConverter.SingleToInt32Bits(values[i]))
                throw new InvalidOperationException(
                    $"exchange: value {i} of {values.Length} is {values[i]:R}; expected {SumOf(terms):R}.");
        }

        var first = values.AsSpan().ToArray();
        group.Broadcast(MemoryMarshal.AsBytes(first.AsSpan()));
        if (!first.AsSpan().SequenceEqual(values)) throw new InvalidOperationException("exchange: ranks differ.");
        values.AsSpan().Clear();            // otherwise repeated sums overflow
    }

    /// <summary>Of many binary digits, so that another order of additions is another sum.</summary>
    private static float ValueOf(int rank, int i) => MathF.ScaleB(1 + i % 8191 / 8192f, (7 * rank + i) % 5) / 3;

    /// <summary>As <see cref="IProcessGroup.AllReduce"/> states it, for one value of each rank.</summary>
    private static float SumOf(ReadOnlySpan<float> level)
    {
        if (level.Length == 1) return level[0];
        var above = new float[(level.Length + 1) / 2];
        for (var j = 0; j < above.Length; j++)
            above[j] = 2 * j + 1 < level.Length ? level[2 * j] + level[2 * j + 1] : level[2 * j];
        return SumOf(above);
    }
}

using System.Text.Json.Serialization;

namespace PyNetSharp.Benchmarks;

/// <summary>One network of the command <c>compare</c>.</summary>
internal sealed record ComparisonRow(
    string Network, bool Trains, int Batch, int Threads, int Rounds,
    ProgramTimes Ours, IReadOnlyList<ProgramTimes> Theirs)
{
    /// <summary>The best configuration of the best peer.</summary>
    public ProgramTimes Best() => Theirs.MinBy(times => times.Median)!;

    /// <summary>A peer's best configuration; null if it did not run these steps.</summary>
    public ProgramTimes? Best(string peer) =>
        Theirs.Where(times => times.Peer == peer).MinBy(times => times.Median);

    /// <summary>A peer's seconds beside a busy process, in the configuration that is the best there.</summary>
    public double? BestBusy(string peer) => Theirs.Where(times => times.Peer == peer).Min(times => times.Busy);

    /// <summary>Our median over that of the best peer at its best.</summary>
    public double Ratio() => Ours.Median / Best().Median;
}

/// <summary>What a program needed for its steps.</summary>
/// <param name="Program">Ours, or a peer and its configuration: <c>PyTorch 2.6.0, contiguous</c>.</param>
/// <param name="Median">Seconds of a step.</param>
/// <param name="Fastest">Seconds of the best step.</param>
/// <param name="Steps">How many were timed.</param>
/// <param name="Resident">The process's peak resident memory in bytes.</param>
internal sealed record ProgramTimes(string Program, double Median, double Fastest, int Steps, long Resident)
{
    /// <summary>Seconds of a step beside a busy process on one of the cores; null if that was not measured.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Busy { get; init; }

    /// <summary>How many times as long a step takes beside a busy process.</summary>
    [JsonIgnore]
    public double? BusyFactor => Busy / Median;

    /// <summary>The program without its configuration.</summary>
    [JsonIgnore]
    public string Peer => Program.Split(", ")[0];

    /// <summary>Ours only: what the GPU's sensors said during a step; null if they cannot be read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GpuSensors? Sensors { get; init; }
}

using System.Text.Json.Serialization;

namespace PyNetSharp.Benchmarks;

/// <summary>One network of the command <c>compare</c>.</summary>
internal sealed record ComparisonRow(
    string Network, bool Trains, int Batch, int Threads, int Rounds,
    ProgramTimes Ours, IReadOnlyList<ProgramTimes> Theirs)
{
    /// <summary>PyTorch's best configuration.</summary>
    public ProgramTimes Best() => Theirs.MinBy(times => times.Median)!;

    /// <summary>Our median over PyTorch's at its best.</summary>
    public double Ratio() => Ours.Median / Best().Median;
}

/// <summary>What a program needed for its steps.</summary>
/// <param name="Median">Seconds of a step.</param>
/// <param name="Fastest">Seconds of the best step.</param>
/// <param name="Steps">How many were timed.</param>
/// <param name="Resident">The process's peak resident memory in bytes.</param>
internal sealed record ProgramTimes(string Program, double Median, double Fastest, int Steps, long Resident)
{
    /// <summary>Ours only: what the GPU's sensors said during a step; null if they cannot be read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GpuSensors? Sensors { get; init; }
}

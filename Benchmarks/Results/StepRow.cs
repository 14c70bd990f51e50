using System.Text.Json.Serialization;

namespace PyNetSharp.Benchmarks;

/// <summary>One line of the command <c>steps</c>.</summary>
/// <param name="Seconds">A step's median.</param>
/// <param name="Operations">Of a step, two to a multiply-add, counted as direct convolution.</param>
/// <param name="Peak">The machine's peak in operations per second: the median of those beside the steps.</param>
/// <param name="Resident">The process's peak resident memory in bytes.</param>
/// <param name="Managed">Managed bytes allocated per step.</param>
/// <param name="Blocks">New blocks of storage in all steps.</param>
/// <param name="Collections">Of generation 2 in all steps.</param>
internal sealed record StepRow(
    string Network, bool Trains, int Batch, int Threads, int Steps, double Seconds, long Operations, double Peak,
    long Resident, long Managed, long Blocks, int Collections)
{
    /// <summary>Where the step ran.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>The precision of products, and of the peak: <c>float32</c> or <c>tf32</c>.</summary>
    public string Precision { get; init; } = "float32";

    /// <summary>The peak of device memory that tensors held, in bytes.</summary>
    public long Tensors { get; init; }

    /// <summary>Kernels launched in a step; 0 on the CPU.</summary>
    public long Launches { get; init; }

    /// <summary>What the device's sensors said during a step; null if they cannot be read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GpuSensors? Sensors { get; init; }
}

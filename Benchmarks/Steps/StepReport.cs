using System.Text.Json;

namespace PyNetSharp.Benchmarks;

/// <summary>What a program that serves steps reports about those that it has just run.</summary>
/// <param name="Seconds">Of each step.</param>
/// <param name="Resident">The process's peak resident memory so far, in bytes.</param>
internal sealed record StepReport(double[] Seconds, long Resident)
{
    /// <summary>
    /// Ours only: the device's multiply-add peak, the higher of before and after these steps, in operations per second.
    /// </summary>
    public double Peak { get; init; }

    /// <summary>Ours only: managed bytes allocated during these steps.</summary>
    public long Managed { get; init; }

    /// <summary>Ours only: the peak of device memory that tensors held so far, in bytes.</summary>
    public long Tensors { get; init; }

    /// <summary>Ours only: kernels launched on a GPU during these steps.</summary>
    public long Launches { get; init; }

    /// <summary>Ours only: blocks of storage taken from the system during these steps.</summary>
    public long Blocks { get; init; }

    /// <summary>Ours only: garbage collections of generation 2 during these steps.</summary>
    public int Collections { get; init; }

    /// <summary>Ours only: what the device's sensors said during a step; null if they cannot be read.</summary>
    public GpuSensors? Sensors { get; init; }

    /// <summary>How reports are written to a line and to a file.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web);
}

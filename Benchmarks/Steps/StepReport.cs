using System.Text.Json;

namespace PyNetSharp.Benchmarks;

/// <summary>What a program that serves steps says about those that it has just run.</summary>
/// <param name="Seconds">Of each step.</param>
/// <param name="Resident">Bytes of the process that were resident at most so far.</param>
internal sealed record StepReport(double[] Seconds, long Resident)
{
    /// <summary>
    /// Ours only: the device's multiply-add peak before or after these steps, in operations a second.
    /// </summary>
    public double Peak { get; init; }

    /// <summary>Ours only: managed bytes allocated during these steps.</summary>
    public long Managed { get; init; }

    /// <summary>Ours only: bytes of the device's memory that tensors held at most so far.</summary>
    public long Tensors { get; init; }

    /// <summary>Ours only: kernels launched on a GPU during these steps.</summary>
    public long Launches { get; init; }

    /// <summary>Ours only: blocks of storage taken from the system during these steps.</summary>
    public long Blocks { get; init; }

    /// <summary>Ours only: garbage collections of generation 2 during these steps.</summary>
    public int Collections { get; init; }

    /// <summary>How reports are written to a line and to a file.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web);
}

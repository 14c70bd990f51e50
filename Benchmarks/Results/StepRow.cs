namespace PyNetSharp.Benchmarks;

/// <summary>One line of the command <c>steps</c>.</summary>
/// <param name="Seconds">A step's median.</param>
/// <param name="Operations">Of a step, two to a multiply-add, counted as direct convolution.</param>
/// <param name="Peak">The machine's, in operations a second: the median of what was measured beside the steps.</param>
/// <param name="Resident">Bytes of the process at most.</param>
/// <param name="Managed">Managed bytes a step.</param>
/// <param name="Blocks">New blocks of storage in all steps.</param>
/// <param name="Collections">Of generation 2 in all steps.</param>
internal sealed record StepRow(
    string Network, bool Trains, int Batch, int Threads, int Steps, double Seconds, long Operations, double Peak,
    long Resident, long Managed, long Blocks, int Collections)
{
    /// <summary>Where the step ran.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>How products multiplied, and what the peak is of: <c>float32</c> or <c>tf32</c>.</summary>
    public string Precision { get; init; } = "float32";

    /// <summary>Bytes of the device's memory that tensors held at most.</summary>
    public long Tensors { get; init; }

    /// <summary>Kernels launched in a step; 0 on the CPU.</summary>
    public long Launches { get; init; }
}

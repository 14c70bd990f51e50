using System.Text.Json.Serialization;

namespace PyNetSharp.Benchmarks;

/// <summary>One kernel on one device, of the command <c>kernels --device</c>.</summary>
/// <param name="Seconds">The median of a run.</param>
/// <param name="Operations">Two to a multiply-add of a direct computation; 0 where memory is the limit.</param>
/// <param name="Bytes">The least that must be read and written.</param>
/// <param name="Limit">The device's, per second: of operations, or of bytes where memory is the limit.</param>
internal sealed record KernelRow(
    string Kernel, string Networks, string Device, string Precision,
    double Seconds, long Operations, long Bytes, double Limit)
{
    /// <summary>The rate as a share of the device's limit.</summary>
    public double Share => (Operations == 0 ? Bytes : Operations) / Seconds / Limit;

    /// <summary>cuBLAS's median for the same matrix product; null if there is no library, or no such product.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? CuBlasSeconds { get; init; }

    /// <summary>What the device's sensors said while the kernel ran; null if they cannot be read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GpuSensors? Sensors { get; init; }
}

namespace PyNetSharp.Benchmarks;

/// <summary>One kernel on one device, of the command <c>kernels --device</c>.</summary>
/// <param name="Seconds">The median of a run.</param>
/// <param name="Operations">Two to a multiply-add of a direct computation; 0 where memory is the limit.</param>
/// <param name="Bytes">What goes through memory at least.</param>
/// <param name="Limit">The device's beside it, a second: of operations, or of bytes where memory is the limit.</param>
internal sealed record KernelRow(
    string Kernel, string Networks, string Device, string Precision,
    double Seconds, long Operations, long Bytes, double Limit)
{
    /// <summary>Of what the device can do.</summary>
    public double Share => (Operations == 0 ? Bytes : Operations) / Seconds / Limit;
}

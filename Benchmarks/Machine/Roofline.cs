namespace PyNetSharp.Benchmarks;

/// <summary>The rates that a device can reach at most, measured beside the work that is compared with them.</summary>
/// <param name="OperationsPerSecond">Two to a multiply-add, in the device's <see cref="Device.Precision"/>.</param>
/// <param name="BytesPerSecond">Read and written; 0 if it was not measured.</param>
internal readonly record struct Roofline(double OperationsPerSecond, double BytesPerSecond)
{
    /// <param name="device">Any.</param>
    /// <param name="runs">Of some milliseconds each; the best counts.</param>
    /// <param name="withMemory">Whether to measure memory too.</param>
    public static Roofline Measure(Device device, int runs = 3, bool withMemory = false) =>
        device is CpuDevice cpu
            ? new(Peak.Best.Measure(cpu, runs), withMemory ? Bandwidth.Measure(cpu, runs).Best : 0)
            : GpuRoofline.Measure((GpuDevice)device, runs, withMemory);

    /// <summary>The higher of two measurements, in each rate.</summary>
    public static Roofline Max(Roofline a, Roofline b) => new(
        Math.Max(a.OperationsPerSecond, b.OperationsPerSecond), Math.Max(a.BytesPerSecond, b.BytesPerSecond));
}

namespace PyNetSharp.Benchmarks;

/// <summary>What a device can do at most, per second, measured on the spot.</summary>
/// <param name="OperationsPerSecond">Two to a multiply-add, in the device's <see cref="Device.Precision"/>.</param>
/// <param name="BytesPerSecond">What memory takes and gives; 0 if nobody asked for it.</param>
internal readonly partial record struct Roofline(double OperationsPerSecond, double BytesPerSecond)
{
    /// <param name="device">Any.</param>
    /// <param name="runs">Of some milliseconds each; the best counts.</param>
    /// <param name="withMemory">Whether to measure memory too.</param>
    public static Roofline Measure(Device device, int runs = 3, bool withMemory = false) =>
        device is CpuDevice cpu
            ? new(Peak.Best.Measure(cpu, runs), withMemory ? Bandwidth.Measure(cpu, runs).Best : 0)
            : MeasureGpu((GpuDevice)device, runs, withMemory);
}

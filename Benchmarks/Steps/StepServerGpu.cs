namespace PyNetSharp.Benchmarks;

internal static partial class StepServer
{
    static partial void CountLaunches(Device device, ref long launches) => launches = (device as GpuDevice)?.Launches ?? 0;
}

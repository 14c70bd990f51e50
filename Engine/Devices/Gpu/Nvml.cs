using System.Runtime.CompilerServices;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.Cuda.API;

namespace PyNetSharp;

/// <summary>Reads the sensors of NVIDIA's GPUs through the driver's management library, NVML.</summary>
/// <seealso href="https://docs.nvidia.com/deploy/nvml-api/">NVIDIA, NVML API Reference Guide</seealso>
internal static class Nvml
{
    private static readonly Lazy<NvmlAPI?> Api = new(Load);

    /// <summary>What the sensors report now; null without NVML, and if it knows no value of the device.</summary>
    /// <param name="pciBusId">The device's, as <see cref="CudaDevice.NVMLPCIBusId"/> has it.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static GpuSensors? Read(string pciBusId)
    {
        if (Api.Value is not { } api || !Succeeds(api.DeviceGetHandleByPciBusId(pciBusId, out var device))) return null;
        var hasClock = Succeeds(api.DeviceGetClockInfo(device, NvmlClockType.NVML_CLOCK_SM, out var clock));
        var hasPower = Succeeds(api.DeviceGetPowerUsage(device, out var milliwatts));
        var hasTemperature = Succeeds(
            api.DeviceGetTemperature(device, NvmlTemperatureSensors.NVML_TEMPERATURE_GPU, out var temperature));
        var hasMemory = Succeeds(api.DeviceGetMemoryInfo(device, out var memory));
        if (!hasClock && !hasPower && !hasTemperature && !hasMemory) return null;
        return new(
            hasClock ? (int)clock : null, hasPower ? milliwatts / 1e3 : null,
            hasTemperature ? (int)temperature : null, hasMemory ? (long)memory.Free : null);
    }

    private static bool Succeeds(NvmlReturn result) => result == NvmlReturn.NVML_SUCCESS;

    private static NvmlAPI? Load()
    {
        GpuLibraries.RegisterAlgorithmsResolver(typeof(NvmlAPI).Assembly);
        try
        {
            var api = NvmlAPI.Create(NvmlAPIVersion.V6);
            return Succeeds(api.Init()) ? api : null;
        }
        catch (Exception e) when (GpuLibraries.IsLoadError(e))
        {
            return null;
        }
    }
}

using ILGPU;
using ILGPU.Runtime.CPU;

namespace PyNetSharp.Tests;

/// <summary>
/// A device whose kernels are interpreted as PTX: what CUDA would run, with every memory access checked.
/// </summary>
internal static class PtxDevice
{
    private static readonly Lazy<GpuDevice> Opened = new(() =>
    {
        var context = Context.Create(builder => builder.CPU(CPUDeviceKind.Nvidia).Profiling());
        var accelerator = context.GetCPUDevice(0).CreateCPUAccelerator(context);
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new(new("ptx", "an interpreter", memory, "none"), accelerator, new PtxLaunchers(accelerator));
    });

    public static GpuDevice Instance => Opened.Value;
}

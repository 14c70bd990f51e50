using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace PyNetSharp;

/// <summary>Notes which kernels would be launched, and launches none.</summary>
/// <param name="launchers">Of the device that will launch them.</param>
internal class KernelTracer(Accelerator accelerator, KernelCache launchers) : KernelCache(accelerator)
{
    private readonly Dictionary<Type, LazyKernel> traced = [];

    /// <summary>The kernels, as they will be launched.</summary>
    public IReadOnlyDictionary<Type, LazyKernel> Traced => traced;

    public override bool HasTensorCores => launchers.HasTensorCores;

    public override int MultiprocessorCount => launchers.MultiprocessorCount;

    public override LazyKernel GetItemKernel<TKernel>()
    {
        if (!traced.ContainsKey(typeof(TKernel))) traced.Add(typeof(TKernel), launchers.GetItemKernel<TKernel>());
        return LazyKernel.None;
    }

    public override LazyKernel GetGroupKernel<TKernel>()
    {
        if (!traced.ContainsKey(typeof(TKernel))) traced.Add(typeof(TKernel), launchers.GetGroupKernel<TKernel>());
        return LazyKernel.None;
    }

    public override void LaunchItems<TKernel>(Delegate launcher, int count, TKernel kernel)
    {
    }

    public override void LaunchGroups<TKernel>(Delegate launcher, Index3D grid, TKernel kernel)
    {
    }
}

/// <summary>Addresses without memory behind them, for a device that launches nothing.</summary>
internal sealed class MetaMemory(Accelerator accelerator) : DriverMemory(accelerator)
{
    private const nint FirstAddress = 1 << 12;

    private readonly Accelerator accelerator = accelerator;

    public override bool HoldsData => false;

    public override long FreeBytes => long.MaxValue;

    public override MemoryBuffer Allocate(long bytes) => CPUMemoryBuffer.Create(accelerator, FirstAddress, bytes, elementSize: 1);
}

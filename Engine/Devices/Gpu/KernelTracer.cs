using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace PyNetSharp;

/// <summary>A kernel cache that records which kernels are launched instead of launching them.</summary>
/// <param name="accelerator">The accelerator of <paramref name="target"/>.</param>
/// <param name="target">The cache that will compile and launch the kernels.</param>
internal class KernelTracer(Accelerator accelerator, KernelCache target) : KernelCache(accelerator)
{
    private readonly Dictionary<Type, LazyKernel> traced = [];

    /// <summary>The recorded kernels, of the target cache.</summary>
    public IReadOnlyDictionary<Type, LazyKernel> Traced => traced;

    public override bool HasTensorCores => target.HasTensorCores;

    public override int MultiprocessorCount => target.MultiprocessorCount;

    public override LazyKernel GetItemKernel<TKernel>()
    {
        if (!traced.ContainsKey(typeof(TKernel))) traced.Add(typeof(TKernel), target.GetItemKernel<TKernel>());
        return LazyKernel.None;
    }

    public override LazyKernel GetGroupKernel<TKernel>()
    {
        if (!traced.ContainsKey(typeof(TKernel))) traced.Add(typeof(TKernel), target.GetGroupKernel<TKernel>());
        return LazyKernel.None;
    }

    public override void LaunchItems<TKernel>(Delegate launcher, int count, TKernel kernel)
    {
    }

    public override void LaunchGroups<TKernel>(Delegate launcher, Index3D grid, TKernel kernel)
    {
    }
}

/// <summary>Memory that has addresses but no content, as PyTorch's meta device: nothing is allocated.</summary>
internal sealed class MetaMemory(Accelerator accelerator) : DriverMemory(accelerator)
{
    private const nint FirstAddress = 1 << 12;

    private readonly Accelerator accelerator = accelerator;

    public override bool HoldsData => false;

    public override long FreeBytes => long.MaxValue;

    public override MemoryBuffer Allocate(long bytes) =>
        CPUMemoryBuffer.Create(accelerator, FirstAddress, bytes, elementSize: 1);
}

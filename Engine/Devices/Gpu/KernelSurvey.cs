using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace PyNetSharp;

/// <summary>Notes which kernels would be launched, and launches none.</summary>
/// <param name="launchers">Of the device that will launch them.</param>
internal class KernelSurvey(Accelerator accelerator, KernelLaunchers launchers) : KernelLaunchers(accelerator)
{
    private readonly Dictionary<Type, KernelPreparation> found = [];

    /// <summary>The kernels, as they will be launched.</summary>
    public IReadOnlyDictionary<Type, KernelPreparation> Found => found;

    public override bool OnTensorCores => launchers.OnTensorCores;

    public override int Processors => launchers.Processors;

    public override KernelPreparation PrepareEach<TKernel>()
    {
        if (!found.ContainsKey(typeof(TKernel))) found.Add(typeof(TKernel), launchers.PrepareEach<TKernel>());
        return KernelPreparation.None;
    }

    public override KernelPreparation PrepareGroups<TKernel>()
    {
        if (!found.ContainsKey(typeof(TKernel))) found.Add(typeof(TKernel), launchers.PrepareGroups<TKernel>());
        return KernelPreparation.None;
    }

    public override void Each<TKernel>(Delegate launcher, int count, TKernel kernel)
    {
    }

    public override void Groups<TKernel>(Delegate launcher, Index3D grid, TKernel kernel)
    {
    }
}

/// <summary>Addresses without memory behind them, for a device that launches nothing.</summary>
internal sealed class NoMemory(Accelerator accelerator) : DriverMemory(accelerator)
{
    private const nint Start = 1 << 12;

    private readonly Accelerator accelerator = accelerator;

    public override bool IsThere => false;

    public override long Free => long.MaxValue;

    public override MemoryBuffer Take(long bytes) => CPUMemoryBuffer.Create(accelerator, Start, bytes, elementSize: 1);
}

using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace PyNetSharp;

/// <summary>Allocates a GPU's memory from its driver.</summary>
internal class DriverMemory(Accelerator accelerator)
{
    /// <summary>Whether the memory has content, so that it can be copied to and from.</summary>
    public virtual bool HoldsData => true;

    /// <summary>
    /// The bytes that neither this nor another process uses; <see cref="long.MaxValue"/> on OpenCL, which does not
    /// report it.
    /// </summary>
    public virtual long FreeBytes => accelerator is CudaAccelerator cuda ? cuda.GetFreeMemory() : long.MaxValue;

    public virtual MemoryBuffer Allocate(long bytes) => accelerator.AllocateRaw(bytes, elementSize: 1);
}

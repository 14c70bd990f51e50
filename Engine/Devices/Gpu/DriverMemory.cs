using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace PyNetSharp;

/// <summary>A GPU's memory, as its driver gives it.</summary>
internal class DriverMemory(Accelerator accelerator)
{
    /// <summary>Whether numbers can be kept there.</summary>
    public virtual bool HoldsData => true;

    /// <summary>
    /// The bytes that are unused at the moment, other programs included; <see cref="long.MaxValue"/> where the driver
    /// does not say.
    /// </summary>
    /// <remarks>OpenCL has no such figure.</remarks>
    public virtual long FreeBytes => accelerator is CudaAccelerator cuda ? cuda.GetFreeMemory() : long.MaxValue;

    public virtual MemoryBuffer Allocate(long bytes) => accelerator.AllocateRaw(bytes, elementSize: 1);
}

using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace PyNetSharp;

/// <summary>What an error of a GPU's driver means.</summary>
internal static class DriverError
{
    /// <summary>The driver's own name for it: <c>CUDA_ERROR_ILLEGAL_ADDRESS</c>.</summary>
    public static string NameOf(AcceleratorException error) => error switch
    {
        CudaException cuda => cuda.Error,
        CLException cl => cl.Error.ToString(),
        _ => error.GetType().Name,
    };

    /// <summary>Whether memory was asked for that there is not.</summary>
    public static bool IsOutOfMemory(AcceleratorException error) => NameOf(error)
        is nameof(CudaError.CUDA_ERROR_OUT_OF_MEMORY)
        or nameof(CLError.CL_MEM_OBJECT_ALLOCATION_FAILURE) or nameof(CLError.CL_OUT_OF_HOST_MEMORY);

    /// <summary>
    /// The same where a block was asked for: OpenCL has two more answers then, that the device has not the resources,
    /// and that the block is larger than any that it gives. Elsewhere these are errors of a kernel.
    /// </summary>
    public static bool IsOutOfMemoryForBlock(AcceleratorException error) =>
        IsOutOfMemory(error)
        || NameOf(error) is nameof(CLError.CL_OUT_OF_RESOURCES) or nameof(CLError.CL_INVALID_BUFFER_SIZE);
}

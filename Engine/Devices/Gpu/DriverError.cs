using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace PyNetSharp;

/// <summary>Classifies the errors that a GPU's driver reports.</summary>
internal static class DriverError
{
    /// <summary>The driver's name of the error, such as <c>CUDA_ERROR_ILLEGAL_ADDRESS</c>.</summary>
    public static string NameOf(AcceleratorException error) => error switch
    {
        CudaException cuda => cuda.Error,
        CLException cl => cl.Error.ToString(),
        _ => error.GetType().Name,
    };

    /// <summary>Whether the error means that there is not enough memory.</summary>
    public static bool IsOutOfMemory(AcceleratorException error) => NameOf(error)
        is nameof(CudaError.CUDA_ERROR_OUT_OF_MEMORY)
        or nameof(CLError.CL_MEM_OBJECT_ALLOCATION_FAILURE) or nameof(CLError.CL_OUT_OF_HOST_MEMORY);

    /// <summary>
    /// The same for an allocation, where OpenCL has two more error codes: too few resources, and a block larger than
    /// the device allows. At a launch these two are errors of the kernel.
    /// </summary>
    public static bool IsOutOfMemoryForBlock(AcceleratorException error) =>
        IsOutOfMemory(error)
        || NameOf(error) is nameof(CLError.CL_OUT_OF_RESOURCES) or nameof(CLError.CL_INVALID_BUFFER_SIZE);
}

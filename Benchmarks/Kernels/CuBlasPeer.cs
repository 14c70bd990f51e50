using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.Cuda.API;
using PyNetSharp.Kernels;

namespace PyNetSharp.Benchmarks;

/// <summary>
/// cuBLAS, as a peer for matrix products on CUDA devices. Only what measures such a device comes here: it loads ILGPU.
/// </summary>
/// <remarks>It multiplies alone: what our kernels do beyond that, such as adding a bias, it does not.</remarks>
/// <seealso href="https://docs.nvidia.com/cuda/cublas/">NVIDIA, cuBLAS</seealso>
internal sealed class CuBlasPeer
{
    /// <summary>cuBLAS's CUBLAS_TF32_TENSOR_OP_MATH, which ILGPU.Algorithms' enumeration lacks.</summary>
    private const CuBlasMathMode Tf32Math = (CuBlasMathMode)3;

    private readonly GpuDevice device;
    private readonly CuBlas blas;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private CuBlasPeer(GpuDevice device, CudaAccelerator accelerator)
    {
        GpuLibraries.RegisterAlgorithmsResolver(typeof(NvmlAPI).Assembly);
        accelerator.Bind();
        this.device = device;
        blas = new(accelerator)
        {
            Stream = (CudaStream)accelerator.DefaultStream,
            MathMode = device.Precision == Precision.Tf32 ? Tf32Math : CuBlasMathMode.DefaultMath,
        };
    }

    /// <summary>
    /// Null if the device is not CUDA's, if the library (<c>libcublas.so.12</c> or another version) is not installed,
    /// or if it fails: a benchmark is of use without its peer.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    [SuppressMessage("Design", "CA1031", Justification = "How a library of another version fails is not known.")]
    public static CuBlasPeer? TryCreate(Device device)
    {
        if (device is not GpuDevice { Accelerator: CudaAccelerator accelerator } gpu) return null;
        try
        {
            return new(gpu, accelerator);
        }
        catch (Exception)
        {
            return null;
        }
    }

    /// <summary>Makes random operands and returns a launch of the product, in the device's precision.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public Action Prepare(MatrixProduct product)
    {
        var rng = new Rng(1);
        var a = Tensor.Uniform(product.AShape, -1, 1, rng, device);
        var b = Tensor.Uniform(product.BShape, -1, 1, rng, device);
        var c = new Tensor(product.CShape, device);
        var gemm = product.ToColumnMajor();
        var (first, second) = (Operation(gemm.TransposeFirst), Operation(gemm.TransposeSecond));
        return () =>
        {
            device.Accelerator.Bind();
            blas.Gemm(
                first, second, gemm.M, gemm.N, gemm.K, 1f, b.View, gemm.FirstLeading, a.View, gemm.SecondLeading,
                0f, c.View, gemm.ResultLeading);
        };

        static CuBlasOperation Operation(bool transpose) =>
            transpose ? CuBlasOperation.Transpose : CuBlasOperation.NonTranspose;
    }
}

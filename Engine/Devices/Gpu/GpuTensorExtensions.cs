using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>What the GPU kernels of an <see cref="Op"/> use of a tensor.</summary>
public static class GpuTensorExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// The elements in storage order: row-major, but channels last (N×H×W×C) for a rank-4 tensor.
        /// </summary>
        /// <remarks>Only for the arguments of a kernel that an op launches: it is valid until the op ends.</remarks>
        /// <exception cref="NotSupportedException">The tensor is on the CPU.</exception>
        public ArrayView<float> View => x.Storage is GpuStorage storage
            ? storage.View(x.Shape.Size)
            : throw new NotSupportedException(
                $"A GPU kernel cannot read a tensor {x.Shape} on {x.Device}; use ReadContents there.");

        /// <summary>The device that holds the tensor and runs its kernels.</summary>
        /// <exception cref="NotSupportedException">The tensor is on the CPU.</exception>
        public GpuDevice Gpu => x.Device as GpuDevice
            ?? throw new NotSupportedException($"{x.Device} is no GPU, and launches no kernels.");
    }
}

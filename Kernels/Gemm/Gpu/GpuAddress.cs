using ILGPU;
using ILGPU.Runtime;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>Where a view begins, as a number: inline assembly takes no other address.</summary>
internal static class GpuAddress
{
    /// <remarks>For the host alone; 0 for an empty view.</remarks>
    public static long Of(ArrayView<float> view) => view.Length == 0 ? 0 : view.LoadEffectiveAddressAsPtr();
}

using System.Runtime.CompilerServices;

namespace PyNetSharp.Kernels;

/// <summary>Average pooling on one kind of device.</summary>
internal interface IAveragePooling
{
    /// <summary>y, stored as [N, C, P, Q]: the mean of each window of x.</summary>
    void Forward(PoolGeometry geometry, Tensor x, Tensor y);

    /// <summary>dx, [N, C, H, W]: each input's share of the gradients of the windows that cover it.</summary>
    void Backward(PoolGeometry geometry, Tensor dy, Tensor dx);
}

/// <summary>The passes of all average pooling ops.</summary>
internal static class AveragePooling
{
    public static void Forward(PoolGeometry geometry, Tensor x, Tensor y) => On(x).Forward(geometry, x, y);

    public static Tensor Backward(PoolGeometry geometry, Tensor dy)
    {
        var dx = new Tensor(geometry.InputShape, dy.Device);
        On(dy).Backward(geometry, dy, dx);
        return dx;
    }

    private static IAveragePooling On(Tensor tensor) => tensor.IsOnCpu ? AveragePoolingCpu.Instance : Gpu();

    /// <summary>A method of its own, so that a process that uses only CPUs does not load ILGPU.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static AveragePoolingGpu Gpu() => AveragePoolingGpu.Instance;
}

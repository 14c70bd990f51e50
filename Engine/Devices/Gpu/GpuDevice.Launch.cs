using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <content>Launches of kernels.</content>
public sealed partial class GpuDevice
{
    /// <summary>Launches one thread for each item 0 … <paramref name="count"/> − 1.</summary>
    /// <typeparam name="TKernel">A struct whose fields are the arguments; compiled at its first launch.</typeparam>
    /// <param name="count">Not negative; of 0 items nothing is launched.</param>
    /// <param name="kernel">The arguments.</param>
    /// <exception cref="DeviceException">The driver reported an error, perhaps of an earlier launch.</exception>
    /// <exception cref="NotSupportedException">ILGPU cannot compile the kernel; the message names it.</exception>
    /// <remarks>Asynchronous, in the order of the calls.</remarks>
    public void LaunchItems<TKernel>(int count, TKernel kernel) where TKernel : struct, IItemKernel
    {
        if (count == 0) return;
        ThrowIfFailed();
        try
        {
            var launcher = kernelCache.GetItemKernel<TKernel>().Launcher;
            lock (streamLock)
            {
                accelerator.Bind();
                kernelCache.LaunchItems(launcher, count, kernel);
            }
        }
        catch (AcceleratorException e)
        {
            ThrowDriverError(e);
        }
    }

    /// <summary>
    /// Launches a grid of groups (CUDA's blocks, OpenCL's work-groups) of <see cref="IGroupKernel.Threads"/> threads;
    /// nothing if an extent of the grid is 0.
    /// </summary>
    /// <typeparam name="TKernel">A struct whose fields are the arguments; compiled at its first launch.</typeparam>
    /// <param name="grid">The number of groups along each axis.</param>
    /// <param name="kernel">The arguments.</param>
    /// <exception cref="DeviceException">The driver reported an error, perhaps of an earlier launch.</exception>
    /// <exception cref="NotSupportedException">ILGPU cannot compile the kernel; the message names it.</exception>
    /// <remarks>Asynchronous, in the order of the calls.</remarks>
    public void LaunchGroups<TKernel>(Index3D grid, TKernel kernel) where TKernel : struct, IGroupKernel
    {
        if (grid.Size == 0) return;
        ThrowIfFailed();
        try
        {
            var launcher = kernelCache.GetGroupKernel<TKernel>().Launcher;
            lock (streamLock)
            {
                accelerator.Bind();
                kernelCache.LaunchGroups(launcher, grid, kernel);
            }
        }
        catch (AcceleratorException e)
        {
            ThrowDriverError(e);
        }
    }

    /// <summary>Runs item kernels of one type for many tensors in as few launches as possible.</summary>
    /// <remarks>
    /// The arguments of a launch are limited: to 4 KB on CUDA, on OpenCL to what the device reports, which ILGPU calls
    /// constant memory. A structure's size on the host is about its size among OpenCL's arguments, where a view takes
    /// three words; on CUDA a view takes two.
    /// </remarks>
    internal void LaunchMultiTensor<TKernel>(ReadOnlySpan<(int Count, TKernel Kernel)> parts)
        where TKernel : struct, IItemKernel
    {
        var argumentBytes =
            accelerator.AcceleratorType == AcceleratorType.OpenCL ? accelerator.MaxConstantMemory : 4096;
        var maxParts = Unsafe.SizeOf<MultiTensorKernel20<TKernel>>() <= argumentBytes
            ? MultiTensorKernel20<TKernel>.MaxParts
            : MultiTensorKernel4<TKernel>.MaxParts;
        var launch = new MultiTensorPart<TKernel>[maxParts];
        for (; !parts.IsEmpty; parts = parts[Math.Min(maxParts, parts.Length)..])
        {
            var groups = 0;
            for (var i = 0; i < maxParts; i++)
            {
                var (count, kernel) = i < parts.Length ? parts[i] : (0, parts[0].Kernel);
                launch[i] = new(kernel, count, groups);
                groups = launch[i].EndGroup;
            }

            if (maxParts == MultiTensorKernel4<TKernel>.MaxParts)
                LaunchGroups(new(groups, 1, 1), Four(0));
            else
                LaunchGroups(
                    new(groups, 1, 1),
                    new MultiTensorKernel20<TKernel>(Four(0), Four(4), Four(8), Four(12), Four(16)));
        }

        MultiTensorKernel4<TKernel> Four(int i) => new(launch[i], launch[i + 1], launch[i + 2], launch[i + 3]);
    }
}

internal readonly struct CopyKernel(ArrayView<float> from, ArrayView<float> to) : IItemKernel
{
    public void Run(int i) => to[i] = from[i];
}

internal readonly struct FillKernel(ArrayView<float> to, float value) : IItemKernel
{
    public void Run(int i) => to[i] = value;
}

internal readonly struct AccumulateKernel(ArrayView<float> from, ArrayView<float> to) : IItemKernel
{
    public void Run(int i) => to[i] += from[i];
}

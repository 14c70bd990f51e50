using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace PyNetSharp;

/// <summary>Compiles each kernel when it is first launched, and remembers how to launch it.</summary>
internal class KernelLaunchers(Accelerator accelerator)
{
    private readonly Dictionary<Type, Delegate> launchers = [];

    public long Count { get; private set; }

    /// <summary>Whether kernels for tensor cores run here.</summary>
    public virtual bool OnTensorCores => accelerator is CudaAccelerator { Architecture.Major: >= 8 };

    public virtual void Each<TKernel>(int count, TKernel kernel) where TKernel : struct, IItemKernel
    {
        if (!launchers.TryGetValue(typeof(TKernel), out var launcher))
            launchers.Add(typeof(TKernel), launcher = accelerator.LoadAutoGroupedStreamKernel<Index1D, TKernel>(Item));
        ((Action<Index1D, TKernel>)launcher)(count, kernel);
        Count++;
    }

    public virtual void Groups<TKernel>(Index3D grid, TKernel kernel) where TKernel : struct, IGroupKernel
    {
        if (!launchers.TryGetValue(typeof(TKernel), out var launcher))
            launchers.Add(typeof(TKernel), launcher = accelerator.LoadStreamKernel<TKernel>(Group, Limits(TKernel.Threads)));
        ((Action<KernelConfig, TKernel>)launcher)((grid, new Index3D(TKernel.Threads, 1, 1)), kernel);
        Count++;
    }

    /// <summary>Leaves each thread so many registers that a processor of the GPU holds 512 threads: 128 of its 65,536.</summary>
    internal static KernelSpecialization Limits(int threads) => new(threads, 512 / threads);

    /// <summary>The entry point of every <see cref="IItemKernel"/>.</summary>
    public static void Item<TKernel>(Index1D i, TKernel kernel) where TKernel : struct, IItemKernel => kernel.Run(i);

    /// <summary>The entry point of every <see cref="IGroupKernel"/>.</summary>
    public static void Group<TKernel>(TKernel kernel) where TKernel : struct, IGroupKernel => kernel.Run();
}

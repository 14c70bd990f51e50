using System.Collections.Concurrent;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace PyNetSharp;

/// <summary>Compiles each kernel when it is first launched, or before, and remembers how to launch it.</summary>
/// <remarks>ILGPU compiles one kernel at a time, the driver several; a launch waits for its own kernel alone.</remarks>
internal class KernelLaunchers(Accelerator accelerator)
{
    private readonly ConcurrentDictionary<Type, KernelPreparation> kernels = [];
    private readonly Lock compiling = new();

    public long Count { get; private set; }

    /// <summary>The kernel that was launched last, or should have been; null before the first.</summary>
    public Type? Last { get; private set; }

    /// <summary>Whether kernels for tensor cores run here.</summary>
    public virtual bool OnTensorCores => accelerator is CudaAccelerator { Architecture.Major: >= 8 };

    /// <summary>How many of the GPU's processors take groups of threads.</summary>
    public virtual int Processors => accelerator.NumMultiprocessors;

    /// <summary>An item kernel, to be compiled or launched.</summary>
    public virtual KernelPreparation PrepareEach<TKernel>() where TKernel : struct, IItemKernel
    {
        if (kernels.TryGetValue(typeof(TKernel), out var known)) return known;
        return Prepare<TKernel>(
            EntryPointDescription.FromImplicitlyGroupedKernel(new Action<Index1D, TKernel>(Item).Method),
            KernelSpecialization.Empty,
            compiled =>
            {
                var launch = accelerator.LoadAutoGroupedKernel(compiled)
                    .CreateLauncherDelegate<Action<AcceleratorStream, Index1D, TKernel>>();
                return (Index1D count, TKernel kernel) => launch(accelerator.DefaultStream, count, kernel);
            });
    }

    /// <summary>A group kernel, to be compiled or launched.</summary>
    public virtual KernelPreparation PrepareGroups<TKernel>() where TKernel : struct, IGroupKernel
    {
        if (kernels.TryGetValue(typeof(TKernel), out var known)) return known;
        return Prepare<TKernel>(
            EntryPointDescription.FromExplicitlyGroupedKernel(new Action<TKernel>(Group).Method), Limits<TKernel>(),
            compiled =>
            {
                var launch = accelerator.LoadKernel(compiled)
                    .CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, TKernel>>();
                return (KernelConfig grid, TKernel kernel) => launch(accelerator.DefaultStream, grid, kernel);
            });
    }

    /// <param name="launcher">Of <see cref="PrepareEach"/>.</param>
    public virtual void Each<TKernel>(Delegate launcher, int count, TKernel kernel) where TKernel : struct, IItemKernel
    {
        Note<TKernel>();
        ((Action<Index1D, TKernel>)launcher)(count, kernel);
    }

    /// <param name="launcher">Of <see cref="PrepareGroups"/>.</param>
    public virtual void Groups<TKernel>(Delegate launcher, Index3D grid, TKernel kernel)
        where TKernel : struct, IGroupKernel
    {
        Note<TKernel>();
        ((Action<KernelConfig, TKernel>)launcher)((grid, new Index3D(TKernel.Threads, 1, 1)), kernel);
    }

    /// <summary>Leaves each thread so many registers that a processor of the GPU holds as many as it shall.</summary>
    public static KernelSpecialization Limits<TKernel>() where TKernel : struct, IGroupKernel =>
        new(TKernel.Threads, TKernel.ThreadsPerProcessor / TKernel.Threads);

    /// <summary>The entry point of every <see cref="IItemKernel"/>.</summary>
    public static void Item<TKernel>(Index1D i, TKernel kernel) where TKernel : struct, IItemKernel => kernel.Run(i);

    /// <summary>The entry point of every <see cref="IGroupKernel"/>.</summary>
    public static void Group<TKernel>(TKernel kernel) where TKernel : struct, IGroupKernel => kernel.Run();

    /// <summary>A kernel's name as C# writes it.</summary>
    public static string NameOf(Type kernel)
    {
        if (!kernel.IsGenericType) return kernel.Name;
        var arguments = string.Join(", ", kernel.GenericTypeArguments.Select(NameOf));
        return $"{kernel.Name.Split('`')[0]}<{arguments}>";
    }

    private KernelPreparation Prepare<TKernel>(
        EntryPointDescription entry, KernelSpecialization limits, Func<CompiledKernel, Delegate> load) =>
        kernels.GetOrAdd(typeof(TKernel), kernel => new(kernel, () => Compile(entry, limits), load));

    private CompiledKernel Compile(EntryPointDescription entry, KernelSpecialization limits)
    {
        lock (compiling) return accelerator.CompileKernel(entry, limits);
    }

    private void Note<TKernel>()
    {
        Count++;
        Last = typeof(TKernel);
    }
}

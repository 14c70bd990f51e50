using System.Collections.Concurrent;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The compiled kernels of an accelerator: compiles each on first use, and launches it.</summary>
/// <remarks>
/// ILGPU compiles one kernel at a time, the driver several; a launch waits only for its own kernel.
/// </remarks>
internal class KernelCache(Accelerator accelerator)
{
    /// <summary>One for all devices, which share ILGPU's context.</summary>
    private static readonly Lock CompilerLock = new();

    private readonly ConcurrentDictionary<Type, LazyKernel> kernels = [];

    public long LaunchCount { get; private set; }

    /// <summary>The kernel of the last launch, also if that failed; null before the first.</summary>
    public Type? LastLaunched { get; private set; }

    /// <summary>Whether the accelerator has tensor cores for tf32.</summary>
    public virtual bool HasTensorCores => accelerator is CudaAccelerator { Architecture.Major: >= 8 };

    /// <summary>CUDA's multiprocessors or OpenCL's compute units.</summary>
    public virtual int MultiprocessorCount => accelerator.NumMultiprocessors;

    /// <summary>The item kernel of this type.</summary>
    public virtual LazyKernel GetItemKernel<TKernel>() where TKernel : struct, IItemKernel =>
        Known<TKernel>() ?? Add<TKernel>(
            EntryPointDescription.FromImplicitlyGroupedKernel(new Action<Index1D, TKernel>(ItemEntryPoint).Method),
            KernelSpecialization.Empty,
            compiled =>
            {
                var launch = accelerator.LoadAutoGroupedKernel(compiled)
                    .CreateLauncherDelegate<Action<AcceleratorStream, Index1D, TKernel>>();
                return (Index1D count, TKernel kernel) => launch(accelerator.DefaultStream, count, kernel);
            });

    /// <summary>The group kernel of this type.</summary>
    public virtual LazyKernel GetGroupKernel<TKernel>() where TKernel : struct, IGroupKernel =>
        Known<TKernel>() ?? Add<TKernel>(
            EntryPointDescription.FromExplicitlyGroupedKernel(new Action<TKernel>(GroupEntryPoint).Method),
            LaunchBounds<TKernel>(),
            compiled =>
            {
                var runs = AcceleratorForGroups(TKernel.Threads);
                var launch = runs.LoadKernel(compiled)
                    .CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, TKernel>>();
                return (KernelConfig grid, TKernel kernel) => launch(runs.DefaultStream, grid, kernel);
            });

    /// <param name="launcher">The <see cref="LazyKernel.Launcher"/> of <see cref="GetItemKernel"/>.</param>
    /// <param name="count">The number of items.</param>
    /// <param name="kernel">The arguments.</param>
    public virtual void LaunchItems<TKernel>(Delegate launcher, int count, TKernel kernel)
        where TKernel : struct, IItemKernel
    {
        CountLaunch<TKernel>();
        ((Action<Index1D, TKernel>)launcher)(count, kernel);
    }

    /// <param name="launcher">The <see cref="LazyKernel.Launcher"/> of <see cref="GetGroupKernel"/>.</param>
    /// <param name="grid">The number of groups.</param>
    /// <param name="kernel">The arguments.</param>
    public virtual void LaunchGroups<TKernel>(Delegate launcher, Index3D grid, TKernel kernel)
        where TKernel : struct, IGroupKernel
    {
        CountLaunch<TKernel>();
        ((Action<KernelConfig, TKernel>)launcher)((grid, new Index3D(TKernel.Threads, 1, 1)), kernel);
    }

    /// <summary>
    /// CUDA's launch bounds, by which the compiler limits registers: threads per group, and groups per multiprocessor.
    /// </summary>
    public static KernelSpecialization LaunchBounds<TKernel>() where TKernel : struct, IGroupKernel =>
        new(TKernel.Threads, TKernel.ThreadsPerMultiprocessor / TKernel.Threads);

    /// <summary>The entry point of every <see cref="IItemKernel"/>.</summary>
    public static void ItemEntryPoint<TKernel>(Index1D i, TKernel kernel)
        where TKernel : struct, IItemKernel => kernel.Run(i);

    /// <summary>The entry point of every <see cref="IGroupKernel"/>.</summary>
    public static void GroupEntryPoint<TKernel>(TKernel kernel) where TKernel : struct, IGroupKernel => kernel.Run();

    /// <summary>A kernel's name in C#'s syntax.</summary>
    public static string NameOf(Type kernel)
    {
        if (!kernel.IsGenericType) return kernel.Name;
        var arguments = string.Join(", ", kernel.GenericTypeArguments.Select(NameOf));
        return $"{kernel.Name.Split('`')[0]}<{arguments}>";
    }

    /// <summary>The accelerator that runs groups of this size.</summary>
    protected virtual Accelerator AcceleratorForGroups(int threads) => accelerator;

    /// <summary>The kernel of this type, if it has been asked for before.</summary>
    protected LazyKernel? Known<TKernel>() => kernels.GetValueOrDefault(typeof(TKernel));

    /// <summary>The kernel of this type, to be compiled at its first use.</summary>
    protected LazyKernel Add<TKernel>(
        EntryPointDescription entry, KernelSpecialization launchBounds, Func<CompiledKernel, Delegate> load) =>
        kernels.GetOrAdd(typeof(TKernel), kernel => new(kernel, () => Compile(entry, launchBounds), load));

    private CompiledKernel Compile(EntryPointDescription entry, KernelSpecialization launchBounds)
    {
        lock (CompilerLock)
            try
            {
                return accelerator.CompileKernel(entry, launchBounds);
            }
            catch (Exception)
            {
                ForgetMethods(accelerator.Context);
                throw;
            }
    }

    /// <summary>
    /// After an error the context has methods without instructions, and ILGPU, which optimizes all that it has with
    /// each kernel, would fail with every other kernel too. What it forgets it translates anew when it is needed.
    /// </summary>
    private static void ForgetMethods(Context context)
    {
        using var phase = context.BeginCodeGeneration();
        phase.IRContext.ClearCache(ClearCacheMode.Everything);
    }

    private void CountLaunch<TKernel>()
    {
        LaunchCount++;
        LastLaunched = typeof(TKernel);
    }
}

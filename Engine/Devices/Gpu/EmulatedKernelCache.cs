using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The kernels of ILGPU's emulation, whose threads are threads of the operating system.</summary>
/// <remarks>
/// A launch wakes every thread that the accelerator has ever started, and lets them meet after every group. So each
/// size of group has an accelerator of its own, and a few threads run all items, each many of them.
/// </remarks>
internal sealed class EmulatedKernelCache(Accelerator accelerator) : KernelCache(accelerator)
{
    private const int ItemThreads = 4;

    private readonly Accelerator accelerator = accelerator;
    private readonly Dictionary<int, Accelerator> acceleratorsByThreads = [];

    public override LazyKernel GetItemKernel<TKernel>() =>
        Known<TKernel>() ?? Add<TKernel>(
            EntryPointDescription.FromImplicitlyGroupedKernel(new Action<Index1D, int, TKernel>(RunItems).Method),
            KernelSpecialization.Empty,
            compiled =>
            {
                var few = AcceleratorFor(ItemThreads);
                var launch = few.LoadAutoGroupedKernel(compiled)
                    .CreateLauncherDelegate<Action<AcceleratorStream, Index1D, int, TKernel>>();
                return (Index1D count, TKernel kernel) => launch(few.DefaultStream, ItemThreads, count, kernel);
            });

    protected override Accelerator AcceleratorForGroups(int threads) => AcceleratorFor(threads);

    /// <summary>What a thread does: every <see cref="ItemThreads"/>th item.</summary>
    public static void RunItems<TKernel>(Index1D thread, int count, TKernel kernel) where TKernel : struct, IItemKernel
    {
        for (int i = thread; i < count; i += ItemThreads) kernel.Run(i);
    }

    private Accelerator AcceleratorFor(int threads)
    {
        lock (acceleratorsByThreads)
        {
            if (!acceleratorsByThreads.TryGetValue(threads, out var found))
            {
                var warp = Math.Min(threads, accelerator.WarpSize);
                found = new CPUDevice(warp, threads / warp, numMultiprocessors: 1)
                    .CreateAccelerator(accelerator.Context);
                acceleratorsByThreads.Add(threads, found);
            }

            return found;
        }
    }
}

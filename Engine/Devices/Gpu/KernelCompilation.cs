using ILGPU.Runtime;

namespace PyNetSharp;

/// <summary>Kernels of a GPU that are compiled in the background, before they are launched.</summary>
/// <remarks>
/// Nobody needs to wait: a launch waits for its own kernel, and compiles one that nobody has begun. So a kernel that
/// cannot be compiled is no fault here either: its launch says so.
/// </remarks>
public sealed class KernelCompilation
{
    private int completed;

    internal KernelCompilation(IReadOnlyCollection<LazyKernel> kernels)
    {
        Count = kernels.Count;
        Completion = Task.Run(() => Task.WhenAll([.. kernels.Select(CompileAsync)]));
    }

    /// <summary>How many kernels there are.</summary>
    public int Count { get; }

    /// <summary>How many have been compiled, or have turned out not to compile.</summary>
    public int CompletedCount => Volatile.Read(ref completed);

    /// <summary>Ends when all are done; never as faulted.</summary>
    public Task Completion { get; }

    /// <summary>ILGPU's half at once, and the driver's on another thread.</summary>
    private Task CompileAsync(LazyKernel kernel)
    {
        var isCompiled = Try(kernel.Compile);
        return Task.Run(() =>
        {
            if (isCompiled) Try(() => _ = kernel.Launcher);
            Interlocked.Increment(ref completed);
        });
    }

    /// <summary>What is thrown here the launch throws again.</summary>
    private static bool Try(Action step)
    {
        try
        {
            step();
            return true;
        }
        catch (Exception e) when (
            e is DeviceException or AcceleratorException or NotSupportedException or OutOfMemoryException)
        {
            return false;
        }
    }
}

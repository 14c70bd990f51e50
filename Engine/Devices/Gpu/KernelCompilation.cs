using ILGPU.Runtime;

namespace PyNetSharp;

/// <summary>The background compilation of a set of GPU kernels; see <see cref="GpuDevice.Precompile"/>.</summary>
/// <remarks>
/// Waiting is optional: a launch waits for its own kernel, and compiles it if that has not begun. The error of a kernel
/// that cannot be compiled is thrown by its launch.
/// </remarks>
public sealed class KernelCompilation
{
    private int completed;

    internal KernelCompilation(IReadOnlyCollection<LazyKernel> kernels)
    {
        Count = kernels.Count;
        Completion = Task.Run(() => Task.WhenAll([.. kernels.Select(CompileAsync)]));
    }

    /// <summary>The number of kernels.</summary>
    public int Count { get; }

    /// <summary>How many have been compiled or have failed to compile.</summary>
    public int CompletedCount => Volatile.Read(ref completed);

    /// <summary>Completes when all kernels have been compiled or have failed; never faults.</summary>
    public Task Completion { get; }

    /// <summary>Compiles by ILGPU on this thread, and by the driver on another.</summary>
    private Task CompileAsync(LazyKernel kernel)
    {
        var isCompiled = Try(kernel.Compile);
        return Task.Run(() =>
        {
            if (isCompiled) Try(() => _ = kernel.Launcher);
            Interlocked.Increment(ref completed);
        });
    }

    /// <summary>Whether the step succeeds; its error is thrown again by the launch.</summary>
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

using ILGPU;
using ILGPU.Backends;

namespace PyNetSharp;

/// <summary>A kernel on its way to the device: ILGPU compiles it, and the driver compiles what comes out.</summary>
/// <remarks>
/// The two are apart because the first is better done one kernel after the other: ILGPU compiles behind a lock for the
/// most part, and the order in which kernels come decides the order of their instructions. The driver takes most of the
/// time, and many at once.
/// </remarks>
internal sealed class LazyKernel(Type kernel, Func<CompiledKernel> compile, Func<CompiledKernel, Delegate> load)
{
    private readonly Lazy<CompiledKernel> compiled = new(compile);
    private Lazy<Delegate>? launcher;

    /// <summary>In place of a kernel that is not launched.</summary>
    public static LazyKernel None { get; } = new(typeof(void), () => null!, _ => () => { });

    /// <summary>Whether nothing is left to do.</summary>
    public bool IsCompiled => launcher?.IsValueCreated ?? false;

    /// <summary>What launches the kernel. Returns when it is compiled, on whichever thread.</summary>
    /// <exception cref="DeviceException">ILGPU cannot compile it.</exception>
    public Delegate Launcher =>
        (launcher ?? Interlocked.CompareExchange(ref launcher, new(Load), null) ?? launcher).Value;

    /// <summary>The first half.</summary>
    /// <exception cref="DeviceException">ILGPU cannot compile it.</exception>
    public void Compile() => _ = Compiled();

    private Delegate Load() => load(Compiled());

    private CompiledKernel Compiled()
    {
        try
        {
            return compiled.Value;
        }
        catch (InternalCompilerException e)
        {
            var (name, reason) = (KernelCache.NameOf(kernel), (e.InnerException ?? e).Message);
            throw new DeviceException($"ILGPU cannot compile the kernel {name}: {reason}", e);
        }
    }
}

using ILGPU;
using ILGPU.Backends;

namespace PyNetSharp;

/// <summary>A kernel that is compiled on first use: by ILGPU to PTX or OpenCL C, then by the driver.</summary>
/// <remarks>
/// The two steps are separate because ILGPU compiles mostly under a lock, and the order in which it compiles kernels
/// determines the order of their instructions: so kernels are compiled one by one. The driver takes most of the time
/// and compiles several at once.
/// </remarks>
internal sealed class LazyKernel(Type kernel, Func<CompiledKernel> compile, Func<CompiledKernel, Delegate> load)
{
    private readonly Lazy<CompiledKernel> compiled = new(compile);
    private Lazy<Delegate>? launcher;

    /// <summary>A placeholder for a kernel that is traced, not launched.</summary>
    public static LazyKernel None { get; } = new(typeof(void), () => null!, _ => () => { });

    /// <summary>Whether both steps are done.</summary>
    public bool IsCompiled => launcher?.IsValueCreated ?? false;

    /// <summary>The delegate that launches the kernel; compiles it or waits for the thread that does.</summary>
    /// <exception cref="NotSupportedException">ILGPU cannot compile it.</exception>
    public Delegate Launcher =>
        (launcher ?? Interlocked.CompareExchange(ref launcher, new(Load), null) ?? launcher).Value;

    /// <summary>Does the first step, ILGPU's.</summary>
    /// <exception cref="NotSupportedException">ILGPU cannot compile it.</exception>
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
            var (name, reason) = (KernelCache.NameOf(kernel), (e.InnerException ?? e).Message.TrimEnd('.'));
            throw new NotSupportedException(
                $"The kernel {name} cannot be compiled for GPUs: ILGPU reports \"{reason}\". " +
                (reason.Contains("Access is denied", StringComparison.Ordinal)
                    ? "A kernel or formula, and what it uses, must be public, or its assembly must have " +
                        "[assembly: InternalsVisibleTo(\"ILGPURuntime\")]."
                    : "A kernel or formula, and what it calls, must not throw, create objects or arrays, recurse, or " +
                        "use strings, delegates and static fields that change."),
                e);
        }
    }
}

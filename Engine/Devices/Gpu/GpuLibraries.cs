using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace PyNetSharp;

/// <summary>Resolves the native libraries of CUDA's driver and of OpenCL's loader for ILGPU.</summary>
/// <remarks>
/// <para>
/// ILGPU loads <c>libcuda.so</c> and <c>libOpenCL.so</c>. These names are links that only development packages install,
/// and in a CUDA toolkit the first one is a stub without a driver; the driver is <c>libcuda.so.1</c>. So the name with
/// the number is tried first, by a resolver of ILGPU's assembly. An assembly has at most one resolver.
/// </para>
/// <para>
/// On WSL ILGPU sets that resolver itself, for the driver in <c>/usr/lib/wsl/lib</c>, and fails if there is one. There,
/// and in a program that has set one, only the event is used, which .NET raises after its usual search.
/// </para>
/// </remarks>
internal static class GpuLibraries
{
    private const string Wsl = "/usr/lib/wsl/lib";
    private const string Cuda = "cuda", OpenCL = "OpenCL";     // ILGPU's names for them on Linux
    private const string Nvml = "nvidia-ml.so", CuBlas = "libcublas.so.12";     // ILGPU.Algorithms' names
    private const string Toolkit = "/usr/local/cuda/lib64";

    /// <summary>Whether ILGPU sets a resolver itself, by the condition that ILGPU uses.</summary>
    private static bool IsWsl => OperatingSystem.IsLinux() && Directory.Exists(Wsl)
        && File.Exists("/proc/version")
        && File.ReadAllText("/proc/version").Contains("Microsoft", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the library of a kind, <c>cuda</c> or <c>opencl</c>, can be loaded.</summary>
    public static bool IsAvailable(string kind) =>
        OperatingSystem.IsWindows() ? NativeLibrary.TryLoad(kind == Cuda ? "nvcuda" : OpenCL, out _)
        : Find(kind == Cuda ? Cuda : OpenCL, Load) != 0;

    /// <summary>Makes ILGPU's assembly load its native libraries through <see cref="Find"/>.</summary>
    public static void RegisterResolver(Assembly ilgpu) => RegisterResolver(ilgpu, IsWsl);

    /// <summary>From now on ILGPU.Algorithms' assembly finds NVML and cuBLAS; it sets no resolver itself.</summary>
    public static void RegisterAlgorithmsResolver(Assembly algorithms) =>
        RegisterResolver(algorithms, leaveResolver: false);

    /// <summary>Whether an error means that a library, or a function in it, is not there.</summary>
    public static bool IsLoadError(Exception error) =>
        error is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException
            or NotSupportedException;

    /// <param name="leaveResolver">Whether the assembly's resolver is set elsewhere.</param>
    internal static void RegisterResolver(Assembly ilgpu, bool leaveResolver)
    {
        AssemblyLoadContext.GetLoadContext(ilgpu)!.ResolvingUnmanagedDll +=
            (assembly, name) => assembly == ilgpu ? Find(name, Load) : 0;
        if (leaveResolver) return;
        try
        {
            NativeLibrary.SetDllImportResolver(ilgpu, (name, _, _) => Find(name, Load));
        }
        catch (InvalidOperationException)
        {
            // The program has set one; the event above remains.
        }
    }

    /// <summary>
    /// The handle of the first of a library's names that can be loaded; 0 if none can, and for all other libraries.
    /// </summary>
    /// <param name="load">Returns a library's handle, or 0 if there is none of this name.</param>
    internal static nint Find(string name, Func<string, nint> load)
    {
        string[] names = OperatingSystem.IsWindows() ? [] : name switch
        {
            Cuda => ["libcuda.so.1", $"{Wsl}/libcuda.so.1", "libcuda.so", $"{Wsl}/libcuda.so"],
            OpenCL => ["libOpenCL.so.1", "libOpenCL.so"],
            Nvml => ["libnvidia-ml.so.1", $"{Wsl}/libnvidia-ml.so.1", "libnvidia-ml.so"],
            // What is used of cuBLAS 12 is the same in 13.
            CuBlas => [CuBlas, "libcublas.so.13", $"{Toolkit}/{CuBlas}", $"{Toolkit}/libcublas.so.13"],
            _ => [],
        };
        return names.Select(load).FirstOrDefault(handle => handle != 0);
    }

    private static nint Load(string name) => NativeLibrary.TryLoad(name, out var library) ? library : 0;
}

using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace PyNetSharp;

/// <summary>Where ILGPU's native calls find the libraries of CUDA's driver and of OpenCL's loader.</summary>
/// <remarks>
/// <para>
/// ILGPU asks for <c>libcuda.so</c> and <c>libOpenCL.so</c>. These names are links that only development packages
/// install, and a CUDA toolkit has a stub without a driver under the first; a driver comes as <c>libcuda.so.1</c>. So
/// the name with the number is tried first. That takes a resolver of ILGPU's assembly, of which there can be one.
/// </para>
/// <para>
/// On WSL ILGPU sets that resolver itself, for the driver in <c>/usr/lib/wsl/lib</c>, and fails where there is one
/// already. There, and in a program that has set one of its own, only the event is left, which comes after the usual
/// search.
/// </para>
/// </remarks>
internal static class GpuLibraries
{
    private const string Wsl = "/usr/lib/wsl/lib";
    private const string Cuda = "cuda", OpenCL = "OpenCL";     // ILGPU's names for them on Linux
    private const string Nvml = "nvidia-ml.so", CuBlas = "libcublas.so.12";     // ILGPU.Algorithms' names
    private const string Toolkit = "/usr/local/cuda/lib64";

    /// <summary>Whether ILGPU will set a resolver of its own: it looks for the same two things.</summary>
    private static bool IsWsl => OperatingSystem.IsLinux() && Directory.Exists(Wsl)
        && File.Exists("/proc/version")
        && File.ReadAllText("/proc/version").Contains("Microsoft", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether there is such a library: <c>cuda</c> or <c>opencl</c>.</summary>
    public static bool IsAvailable(string kind) =>
        OperatingSystem.IsWindows() ? NativeLibrary.TryLoad(kind == Cuda ? "nvcuda" : OpenCL, out _)
        : Find(kind == Cuda ? Cuda : OpenCL, Load) != 0;

    /// <summary>From now on ILGPU's assembly finds them.</summary>
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
            // There is one, which is not ours to replace.
        }
    }

    /// <summary>The first of a library's names that there is; 0 for none, and for every other library.</summary>
    /// <param name="load">The library's handle, or 0 if there is none of this name.</param>
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

using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace PyNetSharp;

public static partial class DeviceCatalog
{
    private static readonly Lazy<Context> Context = new(CreateContext);
    private static readonly Dictionary<string, GpuDevice> Opened = [];
    private static readonly HashSet<string> Libraries = [];         // that ILGPU asked for and that are there

    /// <summary>
    /// The context of all devices. Kernels are optimised at level 1: level 2 has moved loads from shared memory across barriers.
    /// </summary>
    private static Context CreateContext()
    {
        NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, FindLibrary);
        return ILGPU.Context.Create(builder =>
        {
            builder.Optimize(OptimizationLevel.O1).Profiling();
            TryAdd(() => builder.Cuda());
            TryAdd(() => builder.OpenCL());
            builder.CPU(new CPUDevice(numThreadsPerWarp: 32, numWarpsPerMultiprocessor: 8, numMultiprocessors: 1));
        });
    }

    /// <summary>A driver that is broken or half installed counts as none.</summary>
    private static void TryAdd(Action add)
    {
        try
        {
            add();
        }
        catch (Exception e) when (e is AcceleratorException or DllNotFoundException or EntryPointNotFoundException or NotSupportedException)
        {
        }
    }

    /// <summary>
    /// ILGPU asks for names that only development packages install; drivers come with a version number behind the name.
    /// </summary>
    private static nint FindLibrary(string name, Assembly assembly, DllImportSearchPath? path)
    {
        foreach (var candidate in (string[])[name, $"lib{name}.so.1", $"{name}.so.1"])
            if (NativeLibrary.TryLoad(candidate, assembly, path, out var library))
            {
                Libraries.Add(name.ToLowerInvariant());
                return library;
            }

        return 0;       // the runtime goes on looking, and says what it could not find
    }

    static partial void HasGpuPart(ref string? whyNot) => whyNot = null;

    static partial void AddGpus(List<DeviceDescription> found) =>
        found.AddRange(Devices().Select(device => Describe(device.Name, device.Device)));

    static partial void ExplainLack(string kind, ref string? why) => why = kind switch
    {
        "cuda" when !Libraries.Any(name => name.Contains(kind, StringComparison.Ordinal)) =>
            "CUDA's driver (libcuda.so.1) was not found",
        "cuda" => CudaAPI.CurrentAPI.GetDeviceCount(out var count) is not CudaError.CUDA_SUCCESS and var error
            ? $"CUDA's driver was found, but says {error}"
            : $"CUDA's driver was found, and has {count} devices",
        "opencl" when !Libraries.Contains("opencl") => "OpenCL's loader (libOpenCL.so.1) was not found",
        "opencl" when CLDevice.GetDevices(_ => true) is { Length: > 0 } others =>
            "without the generic address spaces of OpenCL 2.0 C, no use can be made of " +
            string.Join(", ", others.Select(device => device.Name)),
        "opencl" => "OpenCL's loader (libOpenCL.so.1) was found, but no driver with a device",
        _ => null,
    };

    static partial void OpenGpu(DeviceDescription gpu, ref Device? device)
    {
        lock (Opened)
        {
            if (!Opened.TryGetValue(gpu.Name, out var opened))
                Opened.Add(gpu.Name, opened = new(gpu, Devices().Single(d => d.Name == gpu.Name).Device.CreateAccelerator(Context.Value)));
            device = opened;
        }
    }

    private static IEnumerable<(string Name, ILGPU.Runtime.Device Device)> Devices()
    {
        ILGPU.Runtime.Device[] all = [.. Context.Value];
        return
        [
            .. all.OfType<CudaDevice>().Select((device, i) => ($"cuda:{i}", (ILGPU.Runtime.Device)device)),
            .. all.OfType<CLDevice>().Select((device, i) => ($"opencl:{i}", (ILGPU.Runtime.Device)device)),
            .. all.OfType<CPUDevice>().Select(device => ("emulated", (ILGPU.Runtime.Device)device)),
        ];
    }

    private static string DriverOf(CLDevice cl) =>
        CLAPI.CurrentAPI.GetDeviceInfo(cl.DeviceId, CLDeviceInfoType.CL_DRIVER_VERSION).TrimEnd('\0');

    private static DeviceDescription Describe(string name, ILGPU.Runtime.Device device) => device switch
    {
        CudaDevice cuda => new(name, cuda.Name, cuda.MemorySize,
            $"CUDA {cuda.DriverVersion}, compute capability {cuda.Architecture?.Major}.{cuda.Architecture?.Minor}"),
        CLDevice cl => new(name, cl.Name, cl.MemorySize, $"{cl.PlatformName} {DriverOf(cl)}, OpenCL {cl.DeviceVersion}",
            IsCpu: cl.DeviceType.HasFlag(CLDeviceType.CL_DEVICE_TYPE_CPU)),
        _ => new(name, "ILGPU's emulation, for checking kernels", GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, "none", IsCpu: true),
    };
}

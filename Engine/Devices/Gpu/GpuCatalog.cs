using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace PyNetSharp;

/// <summary>Finds and opens the GPUs that ILGPU supports. Any call loads ILGPU.</summary>
internal static class GpuCatalog
{
    private static readonly Lazy<Context> Context = new(CreateContext);
    private static readonly Dictionary<string, GpuDevice> OpenDevices = [];

    /// <summary>For <c>cuda</c> and <c>opencl</c>, the error that the search for devices met.</summary>
    private static readonly Dictionary<string, string> BackendErrors = [];

    /// <summary>
    /// The context of all devices. Kernels are optimized at level 1: level 2 has moved loads from shared memory across
    /// barriers. ILGPU's own cache of kernels is off, because it holds a lock while one is compiled;
    /// <see cref="KernelCache"/> takes its place.
    /// </summary>
    private static Context CreateContext()
    {
        GpuLibraries.RegisterResolver(typeof(Context).Assembly);
        return ILGPU.Context.Create(builder =>
        {
            builder.Optimize(OptimizationLevel.O1).Profiling().Caching(CachingMode.NoKernelCaching);
            TryAddBackend("cuda", () => builder.Cuda());
            TryAddBackend("opencl", () => builder.OpenCL());
            builder.CPU(new CPUDevice(numThreadsPerWarp: 32, numWarpsPerMultiprocessor: 8, numMultiprocessors: 1));
        });
    }

    /// <summary>
    /// Treats a broken or incomplete driver as missing, whatever it throws: the CPU works without it.
    /// </summary>
    [SuppressMessage("Design", "CA1031", Justification = "Drivers throw anything; the message is kept.")]
    private static void TryAddBackend(string kind, Action add)
    {
        try
        {
            add();
        }
        catch (Exception e)
        {
            BackendErrors[kind] = e.Message;
        }
    }

    /// <summary>All GPUs: CUDA's, then OpenCL's, then ILGPU's emulation.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static IReadOnlyList<DeviceDescription> DescribeAll() =>
        [.. Devices().Select(device => Describe(device.Name, device.Device))];

    /// <summary>The device of this description, opened by the first call.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Device Open(DeviceDescription gpu)
    {
        lock (OpenDevices)
        {
            if (!OpenDevices.TryGetValue(gpu.Name, out var device))
                OpenDevices.Add(gpu.Name, device = new(gpu, CreateAccelerator(gpu.Name)));
            return device;
        }
    }

    /// <summary>Why there is no device of kind <c>cuda</c> or <c>opencl</c>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static string UnavailableReason(string kind)
    {
        string? reason = null;
        var name = kind == "cuda" ? "CUDA's driver (libcuda.so.1)" : "OpenCL's loader (libOpenCL.so.1)";
        if (!GpuLibraries.IsAvailable(kind)) reason = $"{name} was not found";
        else TryAddBackend(kind, () => reason = kind == "cuda" ? CudaUnavailableReason() : OpenCLUnavailableReason());
        return reason ?? $"{name} was found, but fails: {BackendErrors[kind]}";
    }

    private static string CudaUnavailableReason()
    {
        const string found = "CUDA's driver was found";
        var error = CudaAPI.CurrentAPI.GetDeviceCount(out var count);
        if (error != CudaError.CUDA_SUCCESS) return $"{found}, but reports {error}";
        if (count == 0) return $"{found}, and has {Count(count)}";
        if (BackendErrors.TryGetValue("cuda", out var fault))
            return $"{found}, and has {Count(count)}, but ILGPU fails: {fault}";

        var unsupported = Enumerable.Range(0, count).Select(UnsupportedReason).OfType<string>().FirstOrDefault();
        return unsupported ?? $"{found}, and has {Count(count)} without what ILGPU needs";
    }

    internal static string Count(int devices) =>
        devices switch { 0 => "no devices", 1 => "1 device", _ => $"{devices} devices" };

    /// <summary>Why ILGPU does not support a CUDA device; null if that is not known.</summary>
    /// <remarks>
    /// Calls few functions of the driver: an old one does not have all that ILGPU calls, and then ILGPU lists no
    /// device.
    /// </remarks>
    private static string? UnsupportedReason(int ordinal)
    {
        var api = CudaAPI.CurrentAPI;
        if (api.GetDevice(out var device, ordinal) != CudaError.CUDA_SUCCESS
            || api.GetDeviceName(out var name, device) != CudaError.CUDA_SUCCESS
            || api.GetDriverVersion(out var driver) != CudaError.CUDA_SUCCESS
            || api.GetDeviceComputeCapability(out var major, out var minor, device) != CudaError.CUDA_SUCCESS)
            return null;
        if (!CudaDevice.TryGetArchitecture(major, minor, out var architecture))
            return $"{name} has compute capability {major}.{minor}, and ILGPU needs 3.0 or later";
        return CudaAccelerator.TryGetInstructionSet(architecture, driver, out var least, out _)
            ? null
            : DriverTooOldMessage(name!, driver, least);
    }

    /// <param name="least">The oldest version that ILGPU supports.</param>
    internal static string DriverTooOldMessage(string device, CudaDriverVersion driver, CudaDriverVersion least) =>
        $"CUDA's driver is too old for {device}: it is for CUDA {driver}, " +
        $"and ILGPU needs one for CUDA {least} or later; update the driver";

    private static string OpenCLUnavailableReason() =>
        CLDevice.GetDevices(_ => true) is { Length: > 0 } others
            ? "without the generic address spaces of OpenCL 2.0 C, no use can be made of " +
                string.Join(", ", others.Select(device => device.Name))
            : "OpenCL's loader (libOpenCL.so.1) was found, but no driver with a device";

    /// <exception cref="DeviceException">
    /// The driver does not open the device: another process may use it exclusively, or all its memory.
    /// </exception>
    private static Accelerator CreateAccelerator(string name)
    {
        try
        {
            return Devices().Single(device => device.Name == name).Device.CreateAccelerator(Context.Value);
        }
        catch (AcceleratorException e)
        {
            throw new DeviceException($"{name} cannot be opened: the driver reports {DriverError.NameOf(e)}.", e);
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

    /// <summary>What the sensors of a CUDA device report; null for other devices, and where there is no NVML.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static GpuSensors? ReadSensors(string name) =>
        Devices().FirstOrDefault(device => device.Name == name).Device is CudaDevice cuda
            ? Nvml.Read(cuda.NVMLPCIBusId)
            : null;

    private static string DriverOf(CLDevice cl)
    {
        var version = "";
        TryAddBackend(
            "opencl",
            () => version = CLAPI.CurrentAPI.GetDeviceInfo(cl.DeviceId, CLDeviceInfoType.CL_DRIVER_VERSION));
        return version.TrimEnd('\0');
    }

    private static DeviceDescription Describe(string name, ILGPU.Runtime.Device device) => device switch
    {
        CudaDevice cuda => new(name, cuda.Name, cuda.MemorySize,
            $"CUDA {cuda.DriverVersion}, compute capability {cuda.Architecture?.Major}.{cuda.Architecture?.Minor}"),
        CLDevice cl => new(name, cl.Name, cl.MemorySize, $"{cl.PlatformName} {DriverOf(cl)}, OpenCL {cl.DeviceVersion}",
            IsCpu: cl.DeviceType.HasFlag(CLDeviceType.CL_DEVICE_TYPE_CPU)),
        _ => new(
            name, "ILGPU's emulation, for checking kernels", GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, "none",
            IsCpu: true),
    };
}

using System.Globalization;

namespace PyNetSharp;

/// <summary>The devices of this machine by name.</summary>
public static class DeviceCatalog
{
    /// <summary>The kinds of GPUs that <c>auto</c> considers.</summary>
    private static readonly string[] GpuKinds = ["cuda", "opencl"];

    private static readonly Lazy<IReadOnlyList<DeviceDescription>> Found = new(GpuCatalog.DescribeAll);

    /// <summary>
    /// The GPUs that ILGPU finds: CUDA's, then OpenCL's, then ILGPU's emulation, which is slow and for checking
    /// kernels.
    /// </summary>
    public static IReadOnlyList<DeviceDescription> Gpus => Found.Value;

    /// <summary>
    /// Why there is no device of a kind, <c>cuda</c> or <c>opencl</c>: its library is missing, or no device is
    /// supported. Null if there is one.
    /// </summary>
    public static string? UnavailableReason(string kind) =>
        Gpus.All(gpu => gpu.Kind != kind) ? GpuCatalog.UnavailableReason(kind) : null;

    /// <summary>The device of this name, opened by the first call.</summary>
    /// <param name="name">
    /// <c>cpu</c>; <c>cuda</c> or <c>opencl</c> for the first of its kind; <c>cuda:1</c> for the second;
    /// <c>emulated</c>; <c>auto</c> for the best: a CUDA device, else an OpenCL device that is no CPU, else the CPU.
    /// </param>
    /// <param name="threads">The threads of the CPU; 0 for one per core, which is <see cref="Device.Cpu"/>.</param>
    /// <exception cref="InputException">There is no such device; the message says what there is.</exception>
    public static Device Open(string name, int threads = 0) =>
        Find(name) is { } gpu ? GpuCatalog.Open(gpu) : CpuDevice.WithThreads(threads);

    /// <summary>The GPU that <see cref="Open"/> would open for this name; null for the CPU.</summary>
    /// <exception cref="InputException">There is no such device; the message says what there is.</exception>
    public static DeviceDescription? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name == "cpu") return null;
        if (name == "auto") return Gpus.FirstOrDefault(gpu => GpuKinds.Contains(gpu.Kind) && !gpu.IsCpu);

        var wanted = name.Contains(':', StringComparison.Ordinal) || name == "emulated" ? name : name + ":0";
        return Gpus.FirstOrDefault(gpu => gpu.Name == wanted) ?? throw NotFoundError(name);
    }

    private static InputException NotFoundError(string name)
    {
        var (kind, number) = name.Split(':', 2) is [var before, var after] ? (before, after) : (name, "0");
        var isKnown = GpuKinds.Contains(kind) && uint.TryParse(number, CultureInfo.InvariantCulture, out _);
        if (!isKnown && name != "emulated")
            return new(
                $"the device '{name}' is unknown; expected auto, cpu, cuda, opencl, or cuda:1 and the like " +
                "for others.");

        var there = string.Join(", ", Gpus.Select(gpu => gpu.Name).Prepend("cpu"));
        var because = UnavailableReason(kind) is { } why ? $"; {why}" : "";
        return new($"there is no device '{name}'; this machine has {there}{because}.");
    }
}

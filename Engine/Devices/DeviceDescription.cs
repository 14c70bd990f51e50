namespace PyNetSharp;

/// <summary>A GPU of this machine, or its emulation.</summary>
/// <param name="Name">
/// The name for <see cref="DeviceCatalog.Open"/>: <c>cuda:0</c>, <c>opencl:0</c>, <c>emulated</c>.
/// </param>
/// <param name="Model">The model's name, from the driver.</param>
/// <param name="Memory">Its memory in bytes.</param>
/// <param name="Driver">The driver, with its version.</param>
/// <param name="IsCpu">Whether it is the CPU, through OpenCL or emulation.</param>
public sealed record DeviceDescription(string Name, string Model, long Memory, string Driver, bool IsCpu = false)
{
    /// <summary>The name without its number: <c>cuda</c> of <c>cuda:1</c>.</summary>
    public string Kind => Name.Split(':')[0];

    /// <summary>
    /// What the device's sensors report now. Null for a device that is not NVIDIA's, and where the driver's management
    /// library (<c>libnvidia-ml.so.1</c>) is not installed.
    /// </summary>
    public GpuSensors? ReadSensors() => Kind == "cuda" ? GpuCatalog.ReadSensors(Name) : null;
}

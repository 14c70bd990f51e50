namespace PyNetSharp.Benchmarks;

/// <summary>Clock, power, temperature and free memory of a GPU, to be shown beside its rates.</summary>
internal static class SensorReading
{
    /// <summary>
    /// The sensors of a GPU while work that was just launched runs on it; waits for that work. Null, and nothing is
    /// launched, for the CPU and where the sensors cannot be read.
    /// </summary>
    public static GpuSensors? During(Device device, Action launch)
    {
        if (Now(device) is null) return null;
        launch();
        var sensors = Now(device);
        device.Synchronize();
        return sensors;
    }

    /// <summary>The sensors of a GPU now; null for the CPU and where they cannot be read.</summary>
    public static GpuSensors? Now(Device device) => DeviceCatalog.Find(device.Name)?.ReadSensors();

    /// <summary>The end of a table's line: two spaces and the values; empty if there are none.</summary>
    public static string Column(GpuSensors? sensors) => sensors is null ? "" : $"  {sensors}";
}

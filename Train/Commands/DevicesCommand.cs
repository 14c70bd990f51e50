using System.CommandLine;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace PyNetSharp.Train;

/// <summary><c>pynet devices</c>: what this machine computes with.</summary>
internal sealed class DevicesCommand : ConsoleCommand
{
    public DevicesCommand()
        : base("devices", "devices", "List the devices that --device may name: the cpu and GPUs.") =>
        Examples.Add(("pynet devices", "Show what this machine computes with."));

    protected override int Run(ParseResult parse)
    {
        var screen = new ConsoleOutput();
        screen.WriteTable(
            [new("Device", 1), new("What it is", 2), new("Memory", 3, IsNumber: true), new("Driver", 4)],
            [Cpu(), .. DeviceCatalog.Gpus.Select(Row)]);
        if (DeviceCatalog.Gpus.All(gpu => gpu.IsCpu))
            screen.WriteResult($"No GPU: {string.Join("; ", MissingKinds())}.");
        return 0;
    }

    private static IEnumerable<string> MissingKinds() =>
        ((string[])["cuda", "opencl"])
            .Select(kind => DeviceCatalog.UnavailableReason(kind) ?? $"{kind} has only the CPU");

    private static string[] Cpu()
    {
        GC.Collect(0);                          // the figures below are those of the last collection
        var memory = GC.GetGCMemoryInfo();
        var free = Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes);
        return
        [
            Device.Cpu.Name,
            $"{Environment.ProcessorCount} cores ({RuntimeInformation.ProcessArchitecture}), {VectorInstructions()}",
            $"{NumberFormatting.Bytes(memory.TotalAvailableMemoryBytes)}, {NumberFormatting.Bytes(free)} free", "",
        ];
    }

    private static string[] Row(DeviceDescription gpu)
    {
        var model = gpu.Model + (gpu.Kind != "emulated" && gpu.IsCpu ? " (the CPU)" : "");
        var sensors = gpu.ReadSensors();
        var free = sensors?.FreeBytes is { } bytes ? $", {NumberFormatting.Bytes(bytes)} free" : "";
        return
        [
            gpu.Name, model + FormatSensors(sensors), $"{NumberFormatting.Bytes(gpu.Memory)}{free}", gpu.Driver,
        ];
    }

    /// <summary>Clock, power and temperature after a comma; nothing if they are not known.</summary>
    internal static string FormatSensors(GpuSensors? sensors) =>
        sensors is not null && $"{sensors with { FreeBytes = null }}" is { Length: > 0 } text ? $", {text}" : "";

    private static string VectorInstructions() =>
        Vector512.IsHardwareAccelerated ? "AVX-512, 16 floats"
        : Vector256.IsHardwareAccelerated ? "AVX2, 8 floats"
        : Vector128.IsHardwareAccelerated ? AdvSimd.IsSupported ? "NEON, 4 floats" : "SSE, 4 floats"
        : "none, 1 float";
}

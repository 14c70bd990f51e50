using System.CommandLine;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace PyNetSharp;

/// <summary><c>pynet devices</c>: what this machine computes with.</summary>
internal sealed class DevicesCommand : ConsoleCommand
{
    public DevicesCommand()
        : base("devices", "devices", "List the devices that --device may name: the cpu and GPUs.") =>
        Examples.Add(("pynet devices", "Show what this machine computes with."));

    protected override int Run(ParseResult parse)
    {
        var screen = new Screen();
        screen.Table(
            [new("Device", 1), new("What it is", 2), new("Memory", 3, IsNumber: true), new("Driver", 4)],
            [Cpu(), .. DeviceCatalog.Gpus.Select(Row)]);
        if (DeviceCatalog.Gpus.All(gpu => gpu.IsCpu))
            screen.Result($"No GPU: {string.Join("; ", KindsWithout())}.");
        return 0;
    }

    private static IEnumerable<string> KindsWithout() =>
        ((string[])["cuda", "opencl"]).Select(kind => DeviceCatalog.WhyNo(kind) ?? $"{kind} has the processor alone");

    private static string[] Cpu()
    {
        GC.Collect(0);                          // the memory's figures are those of the last collection
        var memory = GC.GetGCMemoryInfo();
        var free = Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes);
        return
        [
            Device.Cpu.Name, $"{Environment.ProcessorCount} cores ({RuntimeInformation.ProcessArchitecture}), {Vectors()}",
            $"{Figures.Bytes(memory.TotalAvailableMemoryBytes)}, {Figures.Bytes(free)} free", "",
        ];
    }

    private static string[] Row(DeviceDescription gpu) =>
        [gpu.Name, gpu.Model + (gpu.Kind != "emulated" && gpu.IsCpu ? " (the processor)" : ""), Figures.Bytes(gpu.Memory), gpu.Driver];

    private static string Vectors() =>
        Vector512.IsHardwareAccelerated ? "AVX-512, 16 floats"
        : Vector256.IsHardwareAccelerated ? "AVX2, 8 floats"
        : Vector128.IsHardwareAccelerated ? AdvSimd.IsSupported ? "NEON, 4 floats" : "SSE, 4 floats"
        : "none, 1 float";
}

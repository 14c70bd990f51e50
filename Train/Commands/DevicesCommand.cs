using System.CommandLine;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace PyNetSharp;

/// <summary><c>pynet devices</c>: what this machine computes with.</summary>
internal sealed class DevicesCommand : ConsoleCommand
{
    public DevicesCommand()
        : base("devices", "devices", "Show the cores, vector instructions and memory that training can use.") =>
        Examples.Add(("pynet devices", "Show what this machine computes with."));

    protected override int Run(ParseResult parse)
    {
        GC.Collect(0);                          // the memory's figures are those of the last collection
        var memory = GC.GetGCMemoryInfo();
        var free = Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes);
        new Screen().Table(["Device", "Cores", "Vectors", "Memory"],
        [
            [
                Device.Cpu.Name, $"{Environment.ProcessorCount} ({RuntimeInformation.ProcessArchitecture})", Vectors(),
                $"{Figures.Bytes(memory.TotalAvailableMemoryBytes)}, {Figures.Bytes(free)} free",
            ],
            ["gpu", "–", "–", "not in this build"],
        ]);
        return 0;
    }

    private static string Vectors() =>
        Vector512.IsHardwareAccelerated ? "AVX-512, 16 floats"
        : Vector256.IsHardwareAccelerated ? "AVX2, 8 floats"
        : Vector128.IsHardwareAccelerated ? AdvSimd.IsSupported ? "NEON, 4 floats" : "SSE, 4 floats"
        : "none, 1 float";
}

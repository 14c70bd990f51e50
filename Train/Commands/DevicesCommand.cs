using System.CommandLine;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PyNetSharp.Train;

/// <summary><c>pynet devices</c>: what this machine computes with.</summary>
internal sealed class DevicesCommand : ConsoleCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly Option<bool> json = CheckedOption.Switch("--json", "Print one JSON object instead of a table.");

    public DevicesCommand()
        : base("devices", "devices", "List the devices that --device may name: the cpu and GPUs.")
    {
        AddGroup("Output", json);
        Examples.Add(("pynet devices", "Show what this machine computes with."));
    }

    protected override int Run(ParseResult parse)
    {
        if (parse.GetValue(json))
        {
            ConsoleOutput.WriteDocument(ToJson().ToJsonString(Indented));
            return 0;
        }

        var screen = new ConsoleOutput();
        screen.WriteTable(
            [new("Device", 1), new("What it is", 2), new("Memory", 3, IsNumber: true), new("Driver", 4)],
            [Cpu(), .. DeviceCatalog.Gpus.Select(Row)]);
        if (DeviceCatalog.Gpus.All(gpu => gpu.IsCpu))
            screen.WriteResult($"No GPU: {string.Join("; ", MissingKinds())}.");
        return 0;
    }

    private static JsonObject ToJson()
    {
        var memory = ReadMemory();
        var cpu = new JsonObject
        {
            ["name"] = Device.Cpu.Name, ["kind"] = "cpu", ["model"] = $"{RuntimeInformation.ProcessArchitecture}",
            ["cores"] = Environment.ProcessorCount, ["vectors"] = VectorInstructions(),
            ["memory"] = memory.All, ["free"] = memory.Free, ["driver"] = null,
        };
        var gpus = DeviceCatalog.Gpus.Select(gpu => (JsonNode)new JsonObject
        {
            ["name"] = gpu.Name, ["kind"] = gpu.Kind, ["model"] = gpu.Model, ["is_cpu"] = gpu.IsCpu,
            ["memory"] = gpu.Memory, ["free"] = gpu.ReadSensors()?.FreeBytes, ["driver"] = gpu.Driver,
        });
        var missing = ((string[])["cuda", "opencl"])
            .Select(kind => (kind, reason: DeviceCatalog.UnavailableReason(kind)))
            .Where(pair => pair.reason is not null)
            .Select(pair => KeyValuePair.Create(pair.kind, (JsonNode?)pair.reason));
        return new() { ["devices"] = new JsonArray([cpu, .. gpus]), ["unavailable"] = new JsonObject(missing) };
    }

    private static IEnumerable<string> MissingKinds() =>
        ((string[])["cuda", "opencl"])
            .Select(kind => DeviceCatalog.UnavailableReason(kind) ?? $"{kind} has only the CPU");

    private static string[] Cpu()
    {
        var memory = ReadMemory();
        return
        [
            Device.Cpu.Name,
            NumberFormatting.Count(Environment.ProcessorCount, "core") +
                $" ({RuntimeInformation.ProcessArchitecture}), {VectorInstructions()}",
            $"{NumberFormatting.Bytes(memory.All)}, {NumberFormatting.Bytes(memory.Free)} free", "",
        ];
    }

    private static (long All, long Free) ReadMemory()
    {
        GC.Collect(0);                          // the figures below are those of the last collection
        var memory = GC.GetGCMemoryInfo();
        var all = memory.TotalAvailableMemoryBytes;
        return (all, Math.Max(0, all - memory.MemoryLoadBytes));
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

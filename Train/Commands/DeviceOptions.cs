using System.CommandLine;

namespace PyNetSharp.Train;

/// <summary>The options for the device, which training and evaluation share.</summary>
internal sealed class DeviceOptions
{
    public Option<string?> Name { get; } = CheckedOption.Text(
        "--device", "NAME",
        "cpu, cuda, cuda:1, opencl, auto or emulated. Default: cpu.",
        "cpu", "auto", "cuda", "opencl", "emulated");

    public Option<int?> Threads { get; } = CheckedOption.Integer(
        "--threads", "Threads of the cpu. Default: one per core.", SettingRange.Threads);

    public Option<Precision?> Precision { get; } = CheckedOption.Choice<Precision>(
        "--precision", "How products multiply; tf32 needs CUDA. Default: float32.");

    /// <summary>Opens the device that the options name.</summary>
    /// <exception cref="InputException">There is no such device, or not with threads or that precision.</exception>
    public Device Open(ParseResult parse) =>
        Open(parse.GetValue(Name) ?? "cpu", parse.GetValue(Threads), parse.GetValue(Precision) ?? default);

    /// <summary>Opens a device.</summary>
    /// <exception cref="InputException">There is no such device, or not with threads or that precision.</exception>
    public static Device Open(string name, int? threads, Precision precision)
    {
        if (threads is not null && name is not ("cpu" or "auto"))
            throw new InputException(
                $"--threads {threads}: belongs to the cpu, but the device is {name}; leave it out.");
        var device = DeviceCatalog.Open(name, threads ?? 0);
        device.Precision = precision;
        return device;
    }
}

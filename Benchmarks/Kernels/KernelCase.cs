namespace PyNetSharp.Benchmarks;

/// <summary>One computation to time.</summary>
/// <param name="Networks">Which networks need it; empty if none does.</param>
/// <param name="Name">What it computes, on which shapes.</param>
/// <param name="Operations">Two to a multiply-add of a direct computation; 0 where memory is the limit.</param>
/// <param name="Bytes">What goes through memory at least.</param>
/// <param name="Prepare">Makes its inputs on a device and returns what to time.</param>
public sealed record KernelCase(string Networks, string Name, long Operations, long Bytes, Func<Device, Action> Prepare)
{
    /// <summary>Whether it multiplies too little to be measured by that.</summary>
    public bool IsMemoryBound => Operations == 0;

    /// <summary>Whether it is one of two ways that only the CPU has.</summary>
    public bool IsCpuOnly { get; init; }

    /// <summary>Name and networks.</summary>
    public override string ToString() => Networks.Length == 0 ? Name : $"{Name} ({Networks})";
}

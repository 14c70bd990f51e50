namespace PyNetSharp.Benchmarks;

/// <summary>One computation to time.</summary>
/// <param name="Networks">The networks that need it; empty if none does.</param>
/// <param name="Name">What it computes, on which shapes.</param>
/// <param name="Operations">Two to a multiply-add of a direct computation; 0 where memory is the limit.</param>
/// <param name="Bytes">The least that must be read and written: every operand and the result once.</param>
/// <param name="Prepare">Makes its inputs on a device and returns what to time.</param>
public sealed record KernelCase(
    string Networks, string Name, long Operations, long Bytes, Func<Device, Action> Prepare)
{
    /// <summary>Whether its rate is counted in bytes, because memory is its limit.</summary>
    public bool IsMemoryBound => Operations == 0;

    /// <summary>Whether it is a second algorithm for the same result, which only the CPU has.</summary>
    public bool IsCpuOnly { get; init; }

    /// <summary>The matrix product that it is, which a BLAS library can compute too; null if it is none.</summary>
    internal MatrixProduct? Product { get; init; }

    /// <summary>Name and networks.</summary>
    public override string ToString() => Networks.Length == 0 ? Name : $"{Name} ({Networks})";
}

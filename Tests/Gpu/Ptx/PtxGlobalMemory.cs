namespace PyNetSharp.Tests;

/// <summary>The memory of a kernel's views; every other address is an error.</summary>
internal sealed unsafe class PtxGlobalMemory
{
    private readonly List<(ulong Start, ulong End)> views = [];

    public void Add(ulong start, long length) => views.Add((start, start + (ulong)length));

    public Span<byte> At(ulong address, int length)
    {
        foreach (var (start, end) in views)
            if (address >= start && address + (ulong)length <= end)
                return new((void*)address, length);
        throw new PtxException($"{length} bytes at {address:X} are in none of the kernel's views: {Nearest(address)}");
    }

    private string Nearest(ulong address)
    {
        if (views.Count == 0) return "it has none";
        var (start, end) = views.MinBy(view => address < view.Start ? view.Start - address : address - view.End);
        return $"the nearest has {end - start} bytes, and the offset is {(long)(address - start)}";
    }
}

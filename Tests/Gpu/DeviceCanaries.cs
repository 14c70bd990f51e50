namespace PyNetSharp.Tests;

/// <summary>
/// Blocks of a device's memory, filled with NaN or another number. Every second block is free, so that tensors of these
/// shapes get it and an element that is not written is found; the blocks between them must not be written.
/// </summary>
internal sealed class DeviceCanaries : IDisposable
{
    private const int Count = 12;

    private readonly List<Tensor> canaries = [];
    private readonly float fill;
    private readonly int collections;

    public DeviceCanaries(Device device, IEnumerable<Shape> shapes, float fill = float.NaN)
    {
        this.fill = fill;
        GC.WaitForPendingFinalizers();      // what they free later would be taken before the canaries' own blocks
        collections = GC.CollectionCount(0);
        foreach (var length in shapes.Select(BlockLength).Distinct())
        {
            var nothing = new float[length];
            nothing.AsSpan().Fill(fill);
            var blocks = Enumerable.Range(0, Count).Select(_ => new Tensor([length], device)).ToArray();
            foreach (var block in blocks) device.Upload(nothing, block.Storage);
            foreach (var (i, block) in blocks.Index())
                if (i % 2 == 0) block.Release();
                else canaries.Add(block);
        }
    }

    /// <summary>
    /// Whether a collection since may have brought back blocks of earlier tests, which are not filled.
    /// </summary>
    public bool AreStale => GC.CollectionCount(0) != collections;

    /// <summary>What was written beside these results; null if nothing.</summary>
    public string? FindOverwritten(IEnumerable<Tensor?> results) =>
        results.Any(result => result is not null && IsOverwritten(result, result.Shape.Size))
            ? "the block behind a result was written"
        : canaries.Exists(canary => IsOverwritten(canary, 0)) ? "a block between those of the tensors was written"
        : null;

    public void Dispose()
    {
        foreach (var canary in canaries) canary.Release();
    }

    private bool IsOverwritten(Tensor x, int from)
    {
        var block = new float[BlockLength(x.Shape)];
        x.Device.Download(x.Storage, block);
        return Array.Exists(block[from..], value => !value.Equals(fill));
    }

    private static int BlockLength(Shape shape) =>
        (int)(CachingAllocator<nint>.RoundedSize(Math.Max(1, shape.Size) * sizeof(float)) / sizeof(float));
}

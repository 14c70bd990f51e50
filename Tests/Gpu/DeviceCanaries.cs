namespace PyNetSharp.Tests;

/// <summary>
/// Blocks of a device's memory, filled with NaN or another number: every second is free, so that tensors of these
/// shapes get them and an element left unwritten shows; those between are their neighbours, which nobody may write.
/// </summary>
internal sealed class DeviceCanaries : IDisposable
{
    private const int Count = 12;

    private readonly List<Tensor> canaries = [];
    private readonly float fill;

    public DeviceCanaries(Device device, IEnumerable<Shape> shapes, float fill = float.NaN)
    {
        this.fill = fill;
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

    /// <summary>What was written beside these results; null if nothing.</summary>
    public string? FindOverwritten(IEnumerable<Tensor?> results) =>
        results.OfType<Tensor>().Any(result => IsOverwritten(result, result.Shape.Size)) ? "the block behind a result was written"
        : canaries.Exists(neighbour => IsOverwritten(neighbour, 0)) ? "a block that is nobody's was written"
        : null;

    public void Dispose()
    {
        foreach (var neighbour in canaries) neighbour.Release();
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

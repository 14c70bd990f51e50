namespace PyNetSharp.Data;

/// <summary>Allocates the tensors of batches, and frees the storage of those that are not referenced.</summary>
/// <remarks>
/// Only the garbage collector knows which batches are still referenced. A collection is started when enough batches
/// were allocated for some to be free, and only of the younger generations, which takes some tenths of a
/// millisecond. The three batches in use are promoted to the next generation by it, so at least three more are
/// allocated before the next collection. The more batches the caller keeps, the rarer are the collections.
/// </remarks>
/// <param name="size">The floats of a batch, with those of its targets, which live as long as its items.</param>
internal sealed class BatchTracker(int size)
{
    private const int BatchesInUse = 3;     // the current batch, the one before it, the one under preparation
    private const int MaxFloats = 1 << 21, MaxBatches = 512;    // of all batches that wait for a collection
    private readonly List<WeakReference<Tensor>> tensors = [];
    private readonly int minBatches = Math.Clamp(MaxFloats / Math.Max(1, size), 2 * BatchesInUse, MaxBatches);
    private int limit;

    public Tensor Allocate(Shape shape, Device device)
    {
        lock (tensors)
        {
            if (tensors.Count >= Math.Max(minBatches, limit)) Collect();
            var x = Tensor.Empty(shape, device);
            tensors.Add(new(x));
            return x;
        }
    }

    private void Collect()
    {
        Collect(generation: 1);
        // Kept by the caller, or promoted while in use.
        if (tensors.Count > BatchesInUse) Collect(GC.MaxGeneration);
        limit = 2 * tensors.Count;
    }

    private void Collect(int generation)
    {
        GC.Collect(generation);
        GC.WaitForPendingFinalizers();                  // the finalizers free the storage
        tensors.RemoveAll(tensor => !tensor.TryGetTarget(out _));
    }
}

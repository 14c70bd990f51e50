namespace PyNetSharp.Data;

/// <summary>Yields a data set in batches, and prepares the next one in the background.</summary>
/// <remarks>
/// The items of an epoch and their order depend on the seed and the epoch's number alone. So an interrupted run can
/// resume at the exact batch, and the number of threads changes nothing.
/// </remarks>
public sealed class DataLoader
{
    private readonly Dataset data;
    private readonly int batchSize;
    private readonly ITransform transform;
    private readonly bool shuffle;
    private readonly Rng rng;
    private readonly Device device;
    private readonly Shape itemShape;
    private readonly BatchTracker batchTracker;
    private BatchBuffers? idleBuffers;      // of an epoch that has ended, reused by the next

    /// <summary>Creates a loader; nothing is read yet.</summary>
    /// <param name="data">What to load. Not empty.</param>
    /// <param name="batchSize">Items per batch, at least 1; the last batch of an epoch has the rest.</param>
    /// <param name="transform">Applied to every item; null for none.</param>
    /// <param name="shuffle">Whether each epoch has its own random order; otherwise the order of the data set.</param>
    /// <param name="seed">Seeds the orders and the random transforms.</param>
    /// <param name="device">The device of the batches; null for the CPU.</param>
    /// <exception cref="ArgumentException">The data set is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The batch size is not positive.</exception>
    /// <exception cref="ShapeException">
    /// The items do not fit the transform, or a batch is too large for one tensor.
    /// </exception>
    public DataLoader(
        Dataset data, int batchSize, ITransform? transform = null,
        bool shuffle = true, ulong seed = 0, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        if (data.Count == 0) throw new ArgumentException($"{data.Name}: no items to load.", nameof(data));
        this.data = data;
        this.batchSize = Math.Min(batchSize, data.Count);
        this.transform = transform ?? new Compose();
        this.shuffle = shuffle;
        rng = new(seed);
        this.device = device ?? Device.Cpu;
        itemShape = this.transform.Infer(data.ItemShape);
        batchTracker = new(BatchShape(this.batchSize));
    }

    /// <summary>The number of items in a batch; an epoch's last may have fewer.</summary>
    public int BatchSize => batchSize;

    /// <summary>The number of batches in an epoch.</summary>
    public int BatchCount => (data.Count + batchSize - 1) / batchSize;

    /// <summary>The number of items in an epoch.</summary>
    public int Count => data.Count;

    /// <summary>The device of the batches.</summary>
    public Device Device => device;

    /// <summary>The shape of one item after the transform.</summary>
    public Shape ItemShape => itemShape;

    /// <summary>All batches of one epoch.</summary>
    /// <param name="epoch">Its number, not negative, which determines its order.</param>
    /// <param name="first">The batch to begin with, for a run that resumes within an epoch.</param>
    /// <returns>
    /// Batches, each with a tensor and labels of its own that are not overwritten: they may be kept. The storage of
    /// batches that are not kept is reused for later ones, so that a loop over an epoch allocates no new storage after
    /// its first batches. Leaving the loop early waits for the batch under preparation; no background work remains.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The epoch is negative or has no such batch.</exception>
    public IEnumerable<Batch> Epoch(int epoch, int first = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, BatchCount);
        return Batches(rng.Split((ulong)epoch), first);
    }

    private IEnumerable<Batch> Batches(Rng epoch, int first)
    {
        var buffers = Interlocked.Exchange(ref idleBuffers, null)
            ?? new(data.ItemShape.Size, BatchShape(batchSize).Size, batchSize);
        Task<Batch>? next = null;
        try
        {
            var order = Order(epoch.Split(0));
            next = Begin(first);
            for (var b = first; next is not null; b++)
            {
                var current = next.GetAwaiter().GetResult();        // rethrows an error of the background task
                next = Begin(b + 1);
                yield return current;
            }

            Task<Batch>? Begin(int b)
            {
                if (b == BatchCount) return null;
                var items = order.AsMemory(b * batchSize, Math.Min(batchSize, order.Length - b * batchSize));
                var x = batchTracker.Allocate(BatchShape(items.Length), device);
                return Task.Run(() => Prepare(buffers, items.Span, epoch, x));
            }
        }
        finally
        {
            if (next is not null) Task.WaitAny(next);       // its error, if any, concerns a batch that is not used
            idleBuffers = buffers;
        }
    }

    private int[] Order(Rng epoch)
    {
        var order = new int[data.Count];
        for (var i = 0; i < order.Length; i++) order[i] = i;
        if (shuffle) epoch.Shuffle(order.AsSpan());
        return order;
    }

    private Batch Prepare(BatchBuffers buffers, ReadOnlySpan<int> items, Rng epoch, Tensor x)
    {
        var size = itemShape.Size;
        for (var i = 0; i < items.Length; i++)
        {
            data.Read(items[i], buffers.Item);
            var y = buffers.Values.AsSpan(i * size, size);
            transform.Apply(data.ItemShape, buffers.Item, y, epoch.Split(1 + (ulong)items[i]));
            buffers.Labels[i] = data.Labels[items[i]];
        }

        x.CopyFrom(buffers.Values.AsSpan(0, x.Shape.Size));
        return new(x, new(buffers.Labels.AsSpan(0, items.Length), device));
    }

    private Shape BatchShape(int size) => [size, .. itemShape.AsSpan()];

    /// <summary>The arrays in which one epoch's batches are assembled, one at a time.</summary>
    private sealed class BatchBuffers(int item, int batch, int items)
    {
        public float[] Item { get; } = new float[item];

        public float[] Values { get; } = new float[batch];

        public int[] Labels { get; } = new int[items];
    }

    /// <summary>Allocates the tensors of batches, and frees the storage of those that are not referenced.</summary>
    /// <remarks>
    /// Only the garbage collector knows which batches are still referenced. A collection is started when enough batches
    /// were allocated for some to be free, and only of the younger generations, which takes some tenths of a
    /// millisecond. The three batches in use are promoted to the next generation by it, so at least three more are
    /// allocated before the next collection. The more batches the caller keeps, the rarer are the collections.
    /// </remarks>
    private sealed class BatchTracker(Shape batch)
    {
        private const int BatchesInUse = 3;     // the current batch, the one before it, the one under preparation
        private const int MaxFloats = 1 << 21, MaxBatches = 512;    // of all batches that wait for a collection
        private readonly List<WeakReference<Tensor>> tensors = [];
        private readonly int minBatches = Math.Clamp(MaxFloats / Math.Max(1, batch.Size), 2 * BatchesInUse, MaxBatches);
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
}

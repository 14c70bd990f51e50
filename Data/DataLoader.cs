namespace PyNetSharp.Data;

/// <summary>Hands out a data set in batches, and prepares the next one while the current one is used.</summary>
/// <remarks>
/// What an epoch holds, and in which order, follows from the seed and the epoch's number alone. So a run that stopped
/// can go on exactly where it was, and the number of threads changes nothing.
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
    private BatchBuffers? idleBuffers;                                     // where an epoch that has ended prepared its batches

    /// <summary>Makes a loader; nothing is read yet.</summary>
    /// <param name="data">What to load. Not empty.</param>
    /// <param name="batchSize">Items per batch; the last batch of an epoch takes what is left.</param>
    /// <param name="transform">Applied to every item; null for none.</param>
    /// <param name="shuffle">Whether each epoch has its own random order; otherwise the file's.</param>
    /// <param name="seed">Decides the orders and what random transforms do.</param>
    /// <param name="device">Where the batches are made; null for the CPU.</param>
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

    /// <summary>The items of a batch; an epoch's last may have fewer.</summary>
    public int BatchSize => batchSize;

    /// <summary>The number of batches in an epoch.</summary>
    public int BatchCount => (data.Count + batchSize - 1) / batchSize;

    /// <summary>The number of items in an epoch.</summary>
    public int Count => data.Count;

    /// <summary>Where the batches are.</summary>
    public Device Device => device;

    /// <summary>The shape of one item as the network sees it.</summary>
    public Shape ItemShape => itemShape;

    /// <summary>All batches of one epoch.</summary>
    /// <param name="epoch">Its number, from which its order follows.</param>
    /// <param name="first">The batch to begin with, for a run that goes on within an epoch.</param>
    /// <returns>
    /// Batches, each with a tensor and labels of its own that nothing overwrites: they may be kept. The storage of those that are
    /// not kept serves later batches, so that a loop over an epoch takes no new storage after its first batches. Leaving the loop
    /// early waits for the batch under preparation and keeps nothing running.
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
        var desk = Interlocked.Exchange(ref idleBuffers, null) ?? new(data.ItemShape.Size, BatchShape(batchSize).Size, batchSize);
        Task<Batch>? next = null;
        try
        {
            var order = Order(epoch.Split(0));
            next = Begin(first);
            for (var b = first; next is not null; b++)
            {
                var current = next.GetAwaiter().GetResult();        // throws what went wrong in the background
                next = Begin(b + 1);
                yield return current;
            }

            Task<Batch>? Begin(int b)
            {
                if (b == BatchCount) return null;
                var items = order.AsMemory(b * batchSize, Math.Min(batchSize, order.Length - b * batchSize));
                var x = batchTracker.Allocate(BatchShape(items.Length), device);
                return Task.Run(() => Prepare(desk, items.Span, epoch, x));
            }
        }
        finally
        {
            if (next is not null) Task.WaitAny(next);       // an error there concerns a batch that was not asked for
            idleBuffers = desk;
        }
    }

    private int[] Order(Rng epoch)
    {
        var order = new int[data.Count];
        for (var i = 0; i < order.Length; i++) order[i] = i;
        if (shuffle) epoch.Shuffle(order.AsSpan());
        return order;
    }

    private Batch Prepare(BatchBuffers desk, ReadOnlySpan<int> items, Rng epoch, Tensor x)
    {
        var size = itemShape.Size;
        for (var i = 0; i < items.Length; i++)
        {
            data.Read(items[i], desk.Item);
            transform.Apply(data.ItemShape, desk.Item, desk.Values.AsSpan(i * size, size), epoch.Split(1 + (ulong)items[i]));
            desk.Labels[i] = data.Labels[items[i]];
        }

        x.CopyFrom(desk.Values.AsSpan(0, x.Shape.Size));
        return new(x, new(desk.Labels.AsSpan(0, items.Length), device));
    }

    private Shape BatchShape(int size) => [size, .. itemShape.AsSpan()];

    /// <summary>Where one epoch's batches are put together, one at a time.</summary>
    private sealed class BatchBuffers(int item, int batch, int items)
    {
        public float[] Item { get; } = new float[item];

        public float[] Values { get; } = new float[batch];

        public int[] Labels { get; } = new int[items];
    }

    /// <summary>Makes the tensors of batches, and sees that the storage of those that nothing refers to any more comes back.</summary>
    /// <remarks>
    /// Which batches are still referred to is known to the garbage collector alone. It is asked when so many were handed out that
    /// some should be free, and only for the younger generations, which takes some tenths of a millisecond. The three batches that
    /// a loop has in hand then grow a generation older, so three more are handed out before it is asked again. Where batches are
    /// being kept it is asked the more rarely, the more there are.
    /// </remarks>
    private sealed class BatchTracker(Shape batch)
    {
        private const int BatchesInUse = 3;                       // the batch in use, the one before it, the one under preparation
        private const int MaxFloats = 1 << 21, MaxBatches = 512;     // of small batches more may wait, so many floats in all
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
            if (tensors.Count > BatchesInUse) Collect(GC.MaxGeneration);      // kept, or grown old while they were in hand
            limit = 2 * tensors.Count;
        }

        private void Collect(int generation)
        {
            GC.Collect(generation);
            GC.WaitForPendingFinalizers();                  // they give the storage back
            tensors.RemoveAll(tensor => !tensor.TryGetTarget(out _));
        }
    }
}

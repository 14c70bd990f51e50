namespace PyNetSharp;

/// <summary>Hands out a data set in batches, and prepares the next one while the current one is used.</summary>
/// <remarks>
/// What an epoch holds, and in which order, follows from the seed and the epoch's number alone. So a run that stopped
/// can go on exactly where it was, and the number of threads changes nothing.
/// </remarks>
public sealed class Loader
{
    private const int Ring = 3;                             // the one in use, the one before it, the one being prepared

    private readonly Dataset data;
    private readonly int batchSize;
    private readonly ITransform transform;
    private readonly bool shuffle;
    private readonly Rng rng;
    private readonly Device device;
    private readonly Shape itemShape;
    private readonly float[] item, staging;                 // one batch at a time is prepared, so one of each suffices
    private readonly int[] classes;
    private readonly Batch?[] full = new Batch?[Ring];
    private readonly Batch?[] rest = new Batch?[Ring];
    private int prepared;
    private int busy;                                       // 1 while an epoch is enumerated

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
    public Loader(
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
        item = new float[data.ItemShape.Size];
        staging = new float[BatchShape(this.batchSize).Size];
        classes = new int[this.batchSize];
    }

    /// <summary>The items of a batch; an epoch's last may have fewer.</summary>
    public int BatchSize => batchSize;

    /// <summary>The number of batches in an epoch.</summary>
    public int BatchCount => (data.Count + batchSize - 1) / batchSize;

    /// <summary>The number of items in an epoch.</summary>
    public int Count => data.Count;

    /// <summary>The shape of one item as the network sees it.</summary>
    public Shape ItemShape => itemShape;

    /// <summary>All batches of one epoch.</summary>
    /// <param name="epoch">Its number, from which its order follows.</param>
    /// <param name="first">The batch to begin with, for a run that goes on within an epoch.</param>
    /// <returns>
    /// Batches that stay valid until the next but one is asked for: their tensors and labels are then filled anew, so
    /// that an epoch takes no new storage. Leaving the loop early waits for the batch under preparation and keeps
    /// nothing running.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The epoch is negative or has no such batch.</exception>
    /// <exception cref="InvalidOperationException">Another epoch of this loader is still being enumerated.</exception>
    public IEnumerable<Batch> Epoch(int epoch, int first = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, BatchCount);
        return Batches(rng.Split((ulong)epoch), first);
    }

    private IEnumerable<Batch> Batches(Rng epoch, int first)
    {
        if (Interlocked.Exchange(ref busy, 1) == 1)
            throw new InvalidOperationException($"{data.Name}: an earlier epoch of this loader is still in use.");
        var next = Task.CompletedTask;
        try
        {
            var order = Order(epoch.Split(0));
            var coming = first < BatchCount ? Begin(first) : null;
            for (var b = first; coming is not null; b++)
            {
                next.GetAwaiter().GetResult();              // throws what went wrong in the background
                var current = coming;
                coming = b + 1 < BatchCount ? Begin(b + 1) : null;
                yield return current;
            }

            Batch Begin(int b)
            {
                var items = order.AsMemory(b * batchSize, Math.Min(batchSize, order.Length - b * batchSize));
                var batch = NextBatch(items.Length);
                next = Task.Run(() => Fill(batch, items.Span, epoch));
                return batch;
            }
        }
        finally
        {
            Task.WaitAny(next);                             // whose error concerns nobody: nobody asked for the batch
            Volatile.Write(ref busy, 0);
        }
    }

    private int[] Order(Rng epoch)
    {
        var order = new int[data.Count];
        for (var i = 0; i < order.Length; i++) order[i] = i;
        if (shuffle) epoch.Shuffle(order.AsSpan());
        return order;
    }

    private Batch NextBatch(int size)
    {
        var place = prepared++ % Ring;
        ref var batch = ref (size == batchSize ? full : rest)[place];
        if (batch?.Labels.Count != size) batch = new(Tensor.Zeros(BatchShape(size), device), new(classes.AsSpan(0, size), device));
        return batch;
    }

    private void Fill(Batch batch, ReadOnlySpan<int> items, Rng epoch)
    {
        var size = itemShape.Size;
        for (var i = 0; i < items.Length; i++)
        {
            data.Read(items[i], item);
            transform.Apply(data.ItemShape, item, staging.AsSpan(i * size, size), epoch.Split(1 + (ulong)items[i]));
            classes[i] = data.Labels[items[i]];
        }

        batch.X.CopyFrom(staging.AsSpan(0, items.Length * size));
        batch.Labels.CopyFrom(classes.AsSpan(0, items.Length));
    }

    private Shape BatchShape(int size) => [size, .. itemShape.AsSpan()];
}

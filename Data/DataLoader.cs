using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace PyNetSharp.Data;

/// <summary>Yields a data set in batches, and prepares the next one in the background.</summary>
/// <remarks>
/// The items of an epoch and their order depend on the seed and the epoch's number alone. So an interrupted run can
/// resume at the exact batch, and the number of threads changes nothing. A transform changes the items alone, not their
/// masks or values: a data set that moves or mirrors both does so when it reads them.
/// </remarks>
public sealed class DataLoader
{
    private const int ItemsPerTask = 8;     // of a batch that several threads prepare
    private const ulong MixStream = ulong.MaxValue;     // of an epoch's generator, beside those of items

    private readonly Dataset data;
    private readonly int batchSize;
    private readonly ITransform transform;
    private readonly bool shuffle, dropLast;
    private readonly Rng rng;
    private readonly Device device;
    private readonly Shape itemShape;
    private readonly BatchTracker batchTracker;
    private BatchBuffers? idleBuffers;      // of an epoch that has ended, reused by the next

    /// <summary>Creates a loader; nothing is read yet.</summary>
    /// <param name="data">What to load. Not empty.</param>
    /// <param name="batchSize">Items per batch, at least 1; the last batch of an epoch has the rest. Where it is more
    /// than the set has, the one batch has all.</param>
    /// <param name="transform">Applied to every item, but not to its target; null for none.</param>
    /// <param name="shuffle">Whether each epoch has its own random order; otherwise the order of the data set.</param>
    /// <param name="seed">Seeds the orders and the random transforms.</param>
    /// <param name="device">The device of the batches; null for the CPU.</param>
    /// <param name="dropLast">
    /// Whether an epoch ends without the rest that does not fill a batch, as PyTorch's <c>drop_last</c>: with
    /// <paramref name="shuffle"/> other items of each epoch. For training of a model that cannot learn from small
    /// batches, such as one with batch normalization; never for evaluation.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The data set is empty, or <paramref name="dropLast"/> leaves no batch.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The batch size is not positive.</exception>
    /// <exception cref="ShapeException">
    /// The items do not fit the transform, or a batch is too large for one tensor.
    /// </exception>
    public DataLoader(
        Dataset data, int batchSize, ITransform? transform = null,
        bool shuffle = true, ulong seed = 0, Device? device = null, bool dropLast = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        if (data.Count == 0) throw new ArgumentException($"{data.Name}: no items to load.", nameof(data));
        if (dropLast && data.Count < batchSize)
            throw new ArgumentException(FormattableString.Invariant(
                $"{data.Name}: with dropLast there is no batch, as {data.Count} items do not fill one of {batchSize}."),
                nameof(dropLast));
        this.data = data;
        this.batchSize = Math.Min(batchSize, data.Count);
        this.transform = transform ?? new Compose();
        (this.shuffle, this.dropLast) = (shuffle, dropLast);
        rng = new(seed);
        this.device = device ?? Device.Cpu;
        itemShape = this.transform.Infer(data.ItemShape);
        var targetSize = TargetBatchShape(this.batchSize).Size;
        batchTracker = new(BatchShape(this.batchSize).Size + (data.HasLabels ? 0 : targetSize));
    }

    /// <summary>
    /// Mixes the items of each batch, whose targets are then probabilities; null to leave them apart.
    /// </summary>
    /// <remarks>For training. A batch of a single item stays as it is.</remarks>
    /// <exception cref="ArgumentException">The items have no labels to mix.</exception>
    public Mixup? Mixup
    {
        get;
        init => field = value is null || data.HasLabelPerItem ? value : throw new ArgumentException(
            $"{data.Name}: Mixup mixes class labels, but the targets are {(HasLabels ? "masks" : "values")}.");
    }

    /// <summary>The number of items in a batch; an epoch's last may have fewer, unless dropped.</summary>
    public int BatchSize => batchSize;

    /// <summary>The number of batches in an epoch.</summary>
    public int BatchCount => (data.Count + (dropLast ? 0 : batchSize - 1)) / batchSize;

    /// <summary>The number of items in an epoch, without those that are dropped.</summary>
    public int Count => dropLast ? BatchCount * batchSize : data.Count;

    /// <summary>The device of the batches.</summary>
    public Device Device => device;

    /// <summary>The shape of one item after the transform.</summary>
    public Shape ItemShape => itemShape;

    /// <summary>As <see cref="Dataset.TargetShape"/>: the shape of one item's target.</summary>
    public Shape TargetShape => data.TargetShape;

    /// <summary>As <see cref="Dataset.HasLabels"/>: whether the targets are labels or masks, not values.</summary>
    public bool HasLabels => data.HasLabels;

    /// <summary>As <see cref="Dataset.HasLabelPerItem"/>: whether each item has one label.</summary>
    public bool HasLabelPerItem => data.HasLabelPerItem;

    /// <summary>All batches of one epoch.</summary>
    /// <param name="epoch">Its number, not negative, which determines its order.</param>
    /// <param name="first">The batch to begin with, for a run that resumes within an epoch.</param>
    /// <returns>
    /// Batches, each with tensors and labels of its own that are not overwritten: they may be kept. The storage of
    /// batches that are not kept is reused for later ones, so that a loop over an epoch allocates no new storage after
    /// its first batches. Leaving the loop early waits for the batch under preparation; no background work remains.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The epoch is negative or has no such batch.</exception>
    public IEnumerable<Batch> Epoch(int epoch, int first = 0) => Shards(epoch, first, ShardPlan.Whole);

    /// <summary>The shards of one epoch's batches that a process has: of each batch, one after the other.</summary>
    /// <param name="epoch">As for <see cref="Epoch"/>.</param>
    /// <param name="first">As for <see cref="Epoch"/>.</param>
    /// <param name="plan">
    /// Which shards; some may be empty. Other items are not loaded, unless <see cref="Mixup"/> mixes the whole batch.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">As for <see cref="Epoch"/>.</exception>
    internal IEnumerable<Batch> Shards(int epoch, int first, ShardPlan plan)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, BatchCount);
        return Batches(rng.Split((ulong)epoch), first, plan);
    }

    /// <summary>The indices in the data set of the items of a batch: to find an item that a batch shows.</summary>
    /// <param name="epoch">As for <see cref="Epoch"/>.</param>
    /// <param name="batch">The batch's number within the epoch, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The epoch is negative or has no such batch.</exception>
    public IReadOnlyList<int> Items(int epoch, int batch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(batch);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(batch, BatchCount);
        return ItemsOf(Order(rng.Split((ulong)epoch).Split(0)), batch).ToArray();
    }

    private IEnumerable<Batch> Batches(Rng epoch, int first, ShardPlan plan)
    {
        var buffers = Interlocked.Exchange(ref idleBuffers, null)
            ?? new(data.ItemShape.Size, BatchShape(batchSize).Size, TargetBatchShape(batchSize).Size, data.HasLabels);
        var mixes = epoch.Split(MixStream);
        Task<Batch>? next = null;
        try
        {
            var order = Order(epoch.Split(0));
            next = Begin(first, 0);
            for (var (b, i) = (first, 0); next is not null;)
            {
                var current = next.GetAwaiter().GetResult();        // rethrows an error of the background task
                (b, i) = i + 1 < plan.Count ? (b, i + 1) : (b + 1, 0);
                next = Begin(b, i);
                yield return current;
            }

            Task<Batch>? Begin(int b, int i)
            {
                if (b == BatchCount) return null;
                var items = ItemsOf(order, b);
                var (start, end) = plan.ItemsOf(plan.First + i, items.Length);
                var x = batchTracker.Allocate(BatchShape(end - start), device);
                var values = data.HasLabels ? null : Tensor.Empty(TargetBatchShape(end - start), device);
                if (Mixup is null) return Task.Run(() => Prepare(buffers, items[start..end], epoch, x, values));
                var mix = i == 0 ? mixes.Split((ulong)b) : null;        // the buffers stay for the batch's other shards
                return Task.Run(() => PrepareMixed(buffers, items, epoch, mix, x, start));
            }
        }
        finally
        {
            if (next is not null) Task.WaitAny(next);       // its error, if any, concerns a batch that is not used
            idleBuffers = buffers;
        }
    }

    private ReadOnlyMemory<int> ItemsOf(int[] order, int batch) =>
        order.AsMemory(batch * batchSize, Math.Min(batchSize, order.Length - batch * batchSize));

    private int[] Order(Rng epoch)
    {
        var order = new int[data.Count];
        for (var i = 0; i < order.Length; i++) order[i] = i;
        if (shuffle) epoch.Shuffle(order.AsSpan());
        return order;
    }

    /// <param name="values">The tensor for the targets, where they are values.</param>
    private Batch Prepare(BatchBuffers buffers, ReadOnlyMemory<int> items, Rng epoch, Tensor x, Tensor? values)
    {
        Load(buffers, items, epoch);
        x.CopyFrom(buffers.Values.AsSpan(0, x.Shape.Size));
        if (values is null)
        {
            var shape = TargetBatchShape(items.Length);
            return new(x, new Labels(shape, buffers.Labels.AsSpan(0, shape.Size), device));
        }

        values.CopyFrom(buffers.TargetValues.AsSpan(0, values.Shape.Size));
        return new(x, values);
    }

    /// <param name="items">Those of the whole batch, which are mixed with each other.</param>
    /// <param name="mix">Draws their share; null where the buffers have them, mixed for another shard.</param>
    /// <param name="start">The position of the shard's first item.</param>
    private Batch PrepareMixed(
        BatchBuffers buffers, ReadOnlyMemory<int> items, Rng epoch, Rng? mix, Tensor x, int start)
    {
        var (size, classes) = (itemShape.Size, data.ClassNames.Count);
        if (mix is not null)
        {
            Load(buffers, items, epoch);
            var share = Mixup!.Draw(mix);
            Mixup.Mix(buffers.Values.AsSpan(0, items.Length * size), size, share, new float[size]);
            buffers.Probabilities = new float[items.Length * classes];
            Mixup.Mix(buffers.Labels.AsSpan(0, items.Length), share, buffers.Probabilities);
        }

        var count = x.Shape[0];
        x.CopyFrom(buffers.Values.AsSpan(start * size, count * size));
        var probabilities = buffers.Probabilities.AsSpan(start * classes, count * classes);
        return new(
            x, Tensor.From([count, classes], probabilities, device),
            new(buffers.Labels.AsSpan(start, count), device));
    }

    /// <summary>Reads items into the buffers, and transforms them.</summary>
    private void Load(BatchBuffers buffers, ReadOnlyMemory<int> items, Rng epoch)
    {
        var (size, targetSize) = (itemShape.Size, data.TargetShape.Size);
        data.Prefetch(items.Span);
        if (device is CpuDevice) LoadItems(0, items.Length, buffers.Item);
        else LoadInParallel();

        // A GPU needs more items than one core prepares; the cores of a CPU compute the step before.
        void LoadInParallel()
        {
            if (items.IsEmpty) return;
            try
            {
                Parallel.ForEach(
                    Partitioner.Create(0, items.Length, ItemsPerTask), () => new float[data.ItemShape.Size],
                    (range, _, item) => LoadItems(range.Item1, range.Item2, item), _ => { });
            }
            catch (AggregateException fault)
            {
                ExceptionDispatchInfo.Throw(fault.InnerExceptions[0]);
            }
        }

        float[] LoadItems(int first, int end, float[] item)
        {
            for (var i = first; i < end; i++)
            {
                var index = items.Span[i];
                data.Read(index, item);
                var y = buffers.Values.AsSpan(i * size, size);
                transform.Apply(data.ItemShape, item, y, epoch.Split(1 + (ulong)index));
                if (data.HasLabels) data.ReadTarget(index, buffers.Labels.AsSpan(i * targetSize, targetSize));
                else data.ReadTarget(index, buffers.TargetValues.AsSpan(i * targetSize, targetSize));
            }

            return item;
        }
    }

    private Shape BatchShape(int size) => [size, .. itemShape.AsSpan()];

    private Shape TargetBatchShape(int size) => [size, .. data.TargetShape.AsSpan()];

    /// <summary>The arrays in which one epoch's batches are assembled, one at a time.</summary>
    private sealed class BatchBuffers(int item, int batch, int targets, bool hasLabels)
    {
        public float[] Item { get; } = new float[item];

        public float[] Values { get; } = new float[batch];

        public int[] Labels { get; } = new int[hasLabels ? targets : 0];

        public float[] TargetValues { get; } = new float[hasLabels ? 0 : targets];

        /// <summary>Those of mixed items.</summary>
        public float[] Probabilities { get; set; } = [];
    }
}

namespace PyNetSharp;

/// <summary>
/// The names and shapes of a model's tensors before there is memory for them, as on PyTorch's device "meta".
/// </summary>
public static class StateShapes
{
    [ThreadStatic]
    private static Device? noMemory;

    /// <summary>The device of new tensors while a model is described; otherwise null.</summary>
    internal static Device? NoMemory => noMemory;

    /// <summary>
    /// Describes the parameters and buffers that a model would have; none of their elements is allocated or drawn.
    /// </summary>
    /// <param name="create">
    /// Creates the model, from layers alone: it must not compute with their elements, which do not exist.
    /// </param>
    /// <returns>As <see cref="Module.State"/> of the model would have them.</returns>
    /// <exception cref="ShapeException">A tensor would have 2³¹ elements or more.</exception>
    /// <exception cref="NotSupportedException">An element was read.</exception>
    /// <example><code>
    /// var shapes = StateShapes.Of(() => new Linear(100_000, 20_000, new Rng(0)));
    /// // ("weight", [20000, 100000]), ("bias", [20000]), at once and without 8 GB
    /// </code></example>
    public static IReadOnlyList<(string Name, Shape Shape)> Of(Func<Module> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        var before = noMemory;
        noMemory = new NoDevice();
        try
        {
            return [.. create().State().Select(state => (state.Name, state.Tensor.Shape))];
        }
        finally
        {
            noMemory = before;
        }
    }

    /// <summary>The storage of a tensor that has only a shape.</summary>
    internal sealed class NoStorage(Device device) : Storage(device)
    {
        protected override Storage SliceAt(long start) => new NoStorage(Device);

        protected override void Free()
        {
        }
    }

    private sealed class NoDevice : Device
    {
        public override string Name => "none (shapes only)";

        public override MemoryStats Memory => default;

        public override void Synchronize()
        {
        }

        public override void EmptyCache()
        {
        }

        internal override Storage Allocate(int count) => new NoStorage(this);

        internal override void Upload(ReadOnlySpan<float> from, Storage to)
        {
        }

        internal override void Download(Storage from, Span<float> to, int start = 0) =>
            throw new NotSupportedException("StateShapes: the elements of this tensor do not exist.");

        internal override void Copy(Storage from, Storage to, int count)
        {
        }

        internal override void Fill(Storage to, int count, float value)
        {
        }

        internal override void Accumulate(Storage from, Storage to, int count)
        {
        }
    }
}

namespace PyNetSharp;

/// <summary>One applied operation, and its node in the graph: its edges lead to the ops that made its inputs.</summary>
/// <remarks>
/// A subclass checks shapes in <see cref="Infer"/>, computes in <see cref="Forward"/>, puts whatever
/// <see cref="Backward"/> reads through <see cref="Save"/>, and returns one gradient per input (or null). An instance is
/// applied once.
/// </remarks>
internal abstract class Op
{
    private static long lastSequenceNumber;

    private List<SavedTensor>? savedTensors;
    private Tensor? output;
    private bool backwardCalled;

    /// <summary>Where the gradients of the inputs go; empty if nothing was recorded.</summary>
    internal Edge[] Edges { get; private set; } = [];

    /// <summary>When the op was recorded: a consumer is always younger than its producers.</summary>
    internal long SequenceNumber { get; private set; }

    private protected bool IsRecorded => Edges.Length > 0;

    /// <summary>The op's name in messages.</summary>
    internal virtual string Name => GetType().Name is var name && name.EndsWith("Op", StringComparison.Ordinal) ? name[..^2] : GetType().Name;

    /// <summary>Checks the inputs, computes the result, and records the op if an input is in a graph.</summary>
    internal Tensor Apply(params ReadOnlySpan<Tensor> inputs)
    {
        CheckDevices(inputs);
        if (GradMode.IsEnabled && AnyInGraph(inputs)) Edges = Edge.ToAll(inputs);

        var y = CreateOutput(inputs, Infer(inputs));
        OpObserver.Current?.OnApply(this, inputs, y.Shape);
        using (OpObserver.BeginScope(this, Pass.Forward)) Forward(inputs, y);
        if (!GradMode.InBackward) y.RetainUntilRelease();      // a backward pass retains the gradients that it passes on
        if (IsRecorded)
        {
            SequenceNumber = Interlocked.Increment(ref lastSequenceNumber);
            y.GradFn = this;
            output = y;             // and releases it after Backward
        }

        foreach (var x in inputs) GC.KeepAlive(x);      // a kernel reads through pointers, which keep nothing alive
        return y;
    }

    /// <summary>The result's shape.</summary>
    /// <exception cref="ShapeException">The inputs do not fit together; the message names the op and all shapes.</exception>
    protected abstract Shape Infer(ReadOnlySpan<Tensor> x);

    /// <summary>Fills <paramref name="y"/>, whose content is arbitrary before.</summary>
    protected abstract void Forward(ReadOnlySpan<Tensor> x, Tensor y);

    /// <summary>The gradient by each input, from the gradient <paramref name="dy"/> by the result. Called once, nothing is recorded.</summary>
    /// <remarks><paramref name="dy"/> may be returned, but not changed unless it is <see cref="Tensor.HasSingleReference"/>.</remarks>
    protected internal abstract Tensor?[] Backward(Tensor dy);

    /// <summary>Where the result goes: new storage, unless the op only looks at an input in another shape.</summary>
    protected virtual Tensor CreateOutput(ReadOnlySpan<Tensor> x, Shape shape) => new(shape, x[0].Device);

    /// <summary>Whether there is an input <paramref name="i"/> and its gradient is wanted.</summary>
    protected bool Needed(int i) => i < Edges.Length && Edges[i].IsValid;

    /// <summary>Retains an input or the result until <see cref="Backward"/> has run.</summary>
    /// <returns>The same tensor.</returns>
    protected Tensor Save(Tensor tensor)
    {
        if (!IsRecorded) return tensor;
        tensor.Retain();
        (savedTensors ??= new(capacity: 2)).Add(new(tensor, tensor.Storage, tensor.Storage.Version));
        return tensor;
    }

    /// <summary>Releases a saved tensor before <see cref="Backward"/> has returned, so that its block serves a gradient.</summary>
    protected void ReleaseSaved(Tensor tensor)
    {
        if (savedTensors?.FindIndex(s => s.Tensor == tensor) is >= 0 and var i)
        {
            savedTensors.RemoveAt(i);
            tensor.ReleaseRetained();
        }

        if (tensor == output) tensor.Release();
    }

    /// <summary>Computes the gradients of the inputs, once.</summary>
    /// <exception cref="InvalidOperationException">It was done before, or the content of a saved tensor has changed.</exception>
    internal Tensor?[] BackwardOnce(Tensor dy)
    {
        if (backwardCalled)
            throw new InvalidOperationException(
                $"Backward: the graph that leads through {Name} has been used by an earlier Backward, and its storage given back. " +
                "Sum the losses and call Backward once, or compute the graph again.");
        CheckSavedVersions();
        backwardCalled = true;
        using (OpObserver.BeginScope(this, Pass.Backward)) return Backward(dy);
    }

    /// <summary>Removes the edges and releases all tensors, so that a graph that was used keeps nothing alive.</summary>
    internal void ReleaseAll()
    {
        Edges = [];
        if (savedTensors is not null)
            foreach (var (tensor, _, _) in savedTensors) tensor.ReleaseRetained();
        savedTensors = null;
        output?.Release();
        output = null;
    }

    /// <summary>Sees that all that <see cref="Backward"/> will read is as it was when the op ran.</summary>
    /// <exception cref="InvalidOperationException">Something was overwritten or moved.</exception>
    private protected virtual void CheckSavedVersions()
    {
        if (savedTensors is null) return;
        foreach (var (tensor, storage, version) in savedTensors)
        {
            if (tensor.Storage != storage) throw ModifiedError(Describe(tensor), $"moved to {tensor.Device}");
            if (storage.Version != version) throw ModifiedError(Describe(tensor), "overwritten");
        }
    }

    /// <summary>The error for something that the gradient needs as the op saw it, and that is no longer so.</summary>
    private protected InvalidOperationException ModifiedError(string what, string how) => new(
        $"Backward: {what} was {how} after {Name} had used it, and the gradient of {Name} needs it as it was. Call Backward " +
        "before anything changes what the graph has read (CopyFrom, Fill, Load, To, an optimizer's Step), or compute the graph again.");

    private string Describe(Tensor tensor) =>
        tensor == output ? $"the result {tensor.Shape} of {Name}"
        : tensor.GradFn is { } producer ? $"the tensor {tensor.Shape}, {producer.Name}'s result,"
        : $"the {tensor.GetType().Name.ToLowerInvariant()} {tensor.Shape}";

    private void CheckDevices(ReadOnlySpan<Tensor> inputs)
    {
        foreach (var x in inputs)
            if (x.Device != inputs[0].Device)
                throw new ArgumentException(
                    $"{Name}: inputs on {inputs[0].Device} and on {x.Device.DistinctName(inputs[0].Device)}. Nothing is copied unasked; use To(device).");
    }

    private static bool AnyInGraph(ReadOnlySpan<Tensor> inputs)
    {
        foreach (var x in inputs)
            if (x.InGraph)
                return true;
        return false;
    }

    /// <summary>A tensor that <see cref="Backward"/> reads, and what it held when it was saved.</summary>
    private readonly record struct SavedTensor(Tensor Tensor, Storage Storage, int Version);
}

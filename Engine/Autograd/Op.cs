using System.Collections.Concurrent;

namespace PyNetSharp;

/// <summary>
/// One application of an operation, and its node in the graph: its edges lead to the ops that computed its inputs.
/// </summary>
/// <remarks>
/// A subclass checks shapes in <see cref="Infer"/>, computes in <see cref="Forward"/>, passes each tensor that
/// <see cref="Backward"/> reads to <see cref="Save"/>, and returns one gradient per input (or null). An instance is
/// applied once.
/// </remarks>
internal abstract class Op
{
    private static readonly ConcurrentDictionary<Type, string> Names = new();
    private static long lastSequenceNumber;

    private List<SavedTensor>? savedTensors;
    private Tensor? output;
    private bool backwardCalled;

    /// <summary>Where the gradients of the inputs go; empty if nothing was recorded.</summary>
    internal Edge[] Edges { get; private set; } = [];

    /// <summary>Counts recorded ops: larger than that of every op that computed an input.</summary>
    internal long SequenceNumber { get; private set; }

    private protected bool IsRecorded => Edges.Length > 0;

    /// <summary>The op's name in messages and profiles: the name of its class without "Op" at the end.</summary>
    internal virtual string Name => Names.GetOrAdd(
        GetType(), static type => type.Name.EndsWith("Op", StringComparison.Ordinal) ? type.Name[..^2] : type.Name);

    /// <summary>Checks the inputs, computes the result, and records the op if an input is in a graph.</summary>
    internal Tensor Apply(params ReadOnlySpan<Tensor> inputs)
    {
        CheckDevices(inputs);
        if (GradMode.IsEnabled && AnyInGraph(inputs)) Edges = Edge.ToAll(inputs);

        var y = CreateOutput(inputs, Infer(inputs));
        OpObserver.Current?.OnApply(this, inputs, y.Shape);
        using (OpObserver.BeginScope(this, Pass.Forward)) Forward(inputs, y);
        if (!GradMode.InBackward) y.RetainForCaller();         // a backward pass retains the gradients itself
        if (IsRecorded)
        {
            SequenceNumber = Interlocked.Increment(ref lastSequenceNumber);
            y.GradFn = this;
            output = y;             // ReleaseAll ends the caller's reference
        }

        // Kernels read through pointers, which the garbage collector does not see
        foreach (var x in inputs) GC.KeepAlive(x);
        return y;
    }

    /// <summary>The result's shape. May keep what <see cref="Forward"/> needs.</summary>
    /// <exception cref="ShapeException">
    /// The inputs do not fit together; the message names the op and all shapes.
    /// </exception>
    protected abstract Shape Infer(ReadOnlySpan<Tensor> x);

    /// <summary>Fills <paramref name="y"/>, whose content is arbitrary before.</summary>
    protected abstract void Forward(ReadOnlySpan<Tensor> x, Tensor y);

    /// <summary>The gradient of each input, null if it is not needed. Called once, and nothing is recorded.</summary>
    /// <param name="dy">
    /// The gradient of the result. It may be returned; it may be overwritten only if it
    /// <see cref="Tensor.IsExclusive"/>.
    /// </param>
    protected internal abstract Tensor?[] Backward(Tensor dy);

    /// <summary>The tensor for the result: of new storage, or a view of an input's.</summary>
    protected virtual Tensor CreateOutput(ReadOnlySpan<Tensor> x, Shape shape) => new(shape, x[0].Device);

    /// <summary>Whether there is an input <paramref name="i"/> and its gradient is needed.</summary>
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

    /// <summary>
    /// Releases a saved tensor before <see cref="Backward"/> ends, so that the allocator can reuse its memory for a
    /// gradient; of the op's own result also the caller's reference.
    /// </summary>
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
    /// <exception cref="InvalidOperationException">
    /// It was done before, or the content of a saved tensor has changed.
    /// </exception>
    internal Tensor?[] BackwardOnce(Tensor dy)
    {
        if (backwardCalled)
            throw new InvalidOperationException(
                $"Backward: the graph of {Name} has been used by an earlier Backward, which released its tensors. " +
                "Sum the losses and call Backward once, or compute the graph again.");
        CheckSavedVersions();
        backwardCalled = true;
        using (OpObserver.BeginScope(this, Pass.Backward)) return Backward(dy);
    }

    /// <summary>Removes the edges and releases the saved tensors and the result.</summary>
    internal void ReleaseAll()
    {
        Edges = [];
        if (savedTensors is not null)
            foreach (var (tensor, _, _) in savedTensors) tensor.ReleaseRetained();
        savedTensors = null;
        output?.Release();
        output = null;
    }

    /// <summary>Checks that every saved tensor has the storage and the version that it had when the op ran.</summary>
    /// <exception cref="InvalidOperationException">One was overwritten or moved.</exception>
    private protected virtual void CheckSavedVersions()
    {
        if (savedTensors is null) return;
        foreach (var (tensor, storage, version) in savedTensors)
        {
            if (tensor.Storage != storage) throw ModifiedError(Describe(tensor), $"moved to {tensor.Device}");
            if (storage.Version != version) throw ModifiedError(Describe(tensor), "overwritten");
        }
    }

    /// <summary>The error for a saved tensor that was changed between forward and backward.</summary>
    private protected InvalidOperationException ModifiedError(string what, string how) => new(
        $"Backward: {what} was {how} after {Name} had used it, and the gradient of {Name} needs it as it was. " +
        "Call Backward before changing what the graph has read (CopyFrom, Fill, Load, To, an optimizer's Step), " +
        "or compute the graph again.");

    private string Describe(Tensor tensor) =>
        tensor == output ? $"the result {tensor.Shape} of {Name}"
        : tensor.GradFn is { } producer ? $"the tensor {tensor.Shape}, {producer.Name}'s result,"
        : $"the {tensor.GetType().Name.ToLowerInvariant()} {tensor.Shape}";

    private void CheckDevices(ReadOnlySpan<Tensor> inputs)
    {
        foreach (var x in inputs)
            if (x.Device != inputs[0].Device)
                throw new ArgumentException(
                    $"{Name}: inputs on {inputs[0].Device} and on {x.Device.DistinctName(inputs[0].Device)}. " +
                    "Ops do not copy between devices; use To(device).");
    }

    private static bool AnyInGraph(ReadOnlySpan<Tensor> inputs)
    {
        foreach (var x in inputs)
            if (x.InGraph)
                return true;
        return false;
    }

    /// <summary>
    /// A tensor that <see cref="Backward"/> reads, with its storage and version at the time of the op.
    /// </summary>
    private readonly record struct SavedTensor(Tensor Tensor, Storage Storage, int Version);
}

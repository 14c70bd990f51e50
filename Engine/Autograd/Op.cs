using System.Collections.Concurrent;

namespace PyNetSharp;

/// <summary>
/// One application of an operation, and its node in the graph: its edges lead to the ops that computed its inputs.
/// </summary>
/// <remarks>
/// <para>
/// A subclass checks shapes in <see cref="Infer"/>, computes in <see cref="Forward"/>, passes each tensor that
/// <see cref="Backward"/> reads to <see cref="Save"/>, and returns one gradient per input (or null) there. An instance
/// is applied once: <c>new MyOp(…).Apply(x)</c>.
/// </para>
/// <para>
/// On the CPU, <see cref="ReadContents"/> and <see cref="WriteContents"/> give the elements in storage order:
/// row-major, but channels last (N×H×W×C) for a rank-4 tensor, whose shape is [N, C, H, W]. On a GPU, kernels take the
/// views that <c>GpuTensorExtensions</c> gives, in the same order. An op that reads contents where its tensors are on a
/// GPU throws <see cref="NotSupportedException"/>, which names the op and the device. docs/adding-an-op.md builds an
/// example.
/// </para>
/// </remarks>
public abstract partial class Op
{
    private static readonly ConcurrentDictionary<Type, string> Names = new();
    private static long lastSequenceNumber;

    private List<SavedTensor>? savedTensors;
    private Tensor? output;
    private Tensor? current;        // the result while Forward runs, its gradient while Backward does
    private bool isApplied, backwardCalled;

    /// <summary>Where the gradients of the inputs go; empty if nothing was recorded.</summary>
    internal Edge[] Edges { get; private set; } = [];

    /// <summary>Counts recorded ops: larger than that of every op that computed an input.</summary>
    internal long SequenceNumber { get; private set; }

    /// <summary>The result that is to get the gradient as its <see cref="Tensor.Grad"/>, or null.</summary>
    internal Tensor? RetainedOutput => output is { RetainsGrad: true } ? output : null;

    private protected bool IsRecorded => Edges.Length > 0;

    /// <summary>The op's name in messages and profiles: the name of its class without "Op" at the end.</summary>
    public virtual string Name => Names.GetOrAdd(
        GetType(), static type => type.Name.EndsWith("Op", StringComparison.Ordinal) ? type.Name[..^2] : type.Name);

    /// <summary>Checks the inputs, computes the result, and records the op if an input is in a graph.</summary>
    /// <param name="inputs">At least one; all on one device, where the result will be.</param>
    /// <returns>A new tensor, of the shape that <see cref="Infer"/> gives.</returns>
    /// <exception cref="ArgumentException">There are no inputs, or they are on several devices.</exception>
    /// <exception cref="InvalidOperationException">This instance was applied before.</exception>
    /// <exception cref="ShapeException">The inputs do not fit together.</exception>
    public Tensor Apply(params ReadOnlySpan<Tensor> inputs)
    {
        CheckInputs(inputs);
        isApplied = true;
        if (GradMode.IsEnabled && AnyInGraph(inputs)) Edges = Edge.ToAll(inputs);

        var y = CreateOutput(inputs, Infer(inputs));
        OpObserver.Current?.OnApply(this, inputs, y);
        current = y;
        using (OpObserver.BeginScope(this, Pass.Forward)) Forward(inputs, y);
        current = null;
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
    /// <param name="x">The inputs. Read only.</param>
    /// <param name="y">Of the shape that <see cref="Infer"/> returned, on the inputs' device.</param>
    protected abstract void Forward(ReadOnlySpan<Tensor> x, Tensor y);

    /// <summary>The gradient of each input, null if it is not needed. Called once, and nothing is recorded.</summary>
    /// <param name="dy">The gradient of the result, of its shape. Read only; it may be returned.</param>
    /// <returns>
    /// One tensor per input, of the input's shape and on its device, in the order of the inputs. Ops may be applied to
    /// compute them, or <see cref="NewTensor"/> filled; what is not returned is to be released
    /// (<see cref="Tensor.Release"/>), or the garbage collector frees it later.
    /// </returns>
    /// <remarks>Within the library, dy may be overwritten if it <see cref="Tensor.IsExclusive"/>.</remarks>
    protected internal abstract Tensor?[] Backward(Tensor dy);

    /// <summary>What the op computes, as operators of ONNX; null unless overridden, for none.</summary>
    /// <param name="graph">Takes the operators; those of a fused op are several.</param>
    /// <param name="x">The inputs.</param>
    /// <returns>The result of the last operator, or an input where the op changes nothing.</returns>
    /// <remarks>
    /// Called after <see cref="Infer"/>, while a module is traced in evaluation mode. Extents are those of the traced
    /// batch.
    /// </remarks>
    /// <exception cref="NotSupportedException">There is no counterpart; the message says why.</exception>
    protected internal virtual OnnxValue? ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) => null;

    /// <summary>The tensor for the result: of new storage, or a view of an input's.</summary>
    private protected virtual Tensor CreateOutput(ReadOnlySpan<Tensor> x, Shape shape) => new(shape, x[0].Device);

    /// <summary>Whether there is an input <paramref name="i"/> and its gradient is needed.</summary>
    /// <param name="i">The input's index, from 0.</param>
    protected bool Needed(int i) => i < Edges.Length && Edges[i].IsValid;

    /// <summary>
    /// Retains an input, the result or a tensor of its own until <see cref="Backward"/> has run, which then throws if
    /// the content was changed in between. To be called in <see cref="Forward"/>.
    /// </summary>
    /// <returns>The same tensor.</returns>
    protected Tensor Save(Tensor tensor)
    {
        if (!IsRecorded) return tensor;
        tensor.Retain();
        (savedTensors ??= new(capacity: 2)).Add(new(tensor, tensor.Storage, tensor.Storage.Version));
        return tensor;
    }

    /// <summary>A tensor whose content is arbitrary, for a gradient or for what is saved.</summary>
    protected static Tensor NewTensor(Shape shape, Device device)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(device);
        return new(shape, device) { IsNew = true };
    }

    /// <summary>The elements of a tensor on the CPU, in storage order.</summary>
    /// <returns>Valid while the op runs. Closures cannot hold a span: call this within them.</returns>
    /// <exception cref="NotSupportedException">The tensor is on a GPU.</exception>
    /// <exception cref="InvalidOperationException">
    /// <see cref="Backward"/> reads an input or the result without <see cref="Save"/> in <see cref="Forward"/>.
    /// </exception>
    protected ReadOnlySpan<float> ReadContents(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (backwardCalled && tensor != current && (tensor.InGraph || tensor.IsFreed) && !IsSaved(tensor))
            throw NotSavedError(tensor, null);
        return Contents(tensor);
    }

    /// <summary>The elements of the result, or of a <see cref="NewTensor"/>, to be written in storage order.</summary>
    /// <returns>As for <see cref="ReadContents"/>.</returns>
    /// <exception cref="NotSupportedException">The tensor is on a GPU.</exception>
    /// <exception cref="InvalidOperationException">
    /// It is another tensor: an input, what <see cref="Forward"/> has saved, or the gradient of the result.
    /// </exception>
    protected Span<float> WriteContents(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!tensor.IsNew && (backwardCalled || tensor != current))
            throw new InvalidOperationException(
                $"{Name}: WriteContents of {tensor.Describe()}, which is read only: an op writes its result in " +
                "Forward, and tensors that it has from NewTensor until another op takes them.");
        return Contents(tensor);
    }

    private Span<float> Contents(Tensor tensor) =>
        tensor.IsOnCpu
            ? tensor.Span
            : throw new NotSupportedException(
                $"{Name}: it has no implementation for the device {tensor.Device}, only for the CPU. " +
                "Move the tensors with To(Device.Cpu), or launch a kernel where they are on a GPU.");

    /// <summary>
    /// Releases a saved tensor before <see cref="Backward"/> ends, so that the allocator can reuse its memory for a
    /// gradient; of the op's own result also the caller's reference.
    /// </summary>
    private protected void ReleaseSaved(Tensor tensor)
    {
        if (savedTensors?.FindIndex(s => s.Tensor == tensor) is >= 0 and var i)
        {
            savedTensors.RemoveAt(i);
            tensor.ReleaseRetained();
        }

        if (tensor == output) tensor.ReleaseForCaller();
    }

    /// <summary>Computes the gradients of the inputs, once.</summary>
    /// <exception cref="InvalidOperationException">
    /// It was done before, the content of a saved tensor has changed, or gradients are missing or on another device.
    /// </exception>
    internal Tensor?[] BackwardOnce(Tensor dy)
    {
        if (backwardCalled)
            throw new InvalidOperationException(
                $"Backward: the graph of {Name} has been used by an earlier Backward, which released its tensors. " +
                "Sum the losses and call Backward once, or compute the graph again.");
        CheckSavedVersions();
        backwardCalled = true;
        (current, dy.IsNew) = (dy, false);
        Tensor?[] gradients;
        try
        {
            using (OpObserver.BeginScope(this, Pass.Backward)) gradients = Backward(dy);
        }
        catch (InvalidOperationException e) when (e.Data[nameof(Tensor.IsFreed)] is Tensor freed && !IsSaved(freed))
        {
            throw NotSavedError(freed, e);
        }

        current = null;
        if (!(gradients?.Length >= Edges.Length))
            throw new InvalidOperationException(
                $"{Name}.Backward returned {gradients?.Length ?? 0} gradients for {Edges.Length} inputs; " +
                "there must be one for each, or null where none is needed.");
        for (var i = 0; i < Edges.Length; i++)
            if (gradients[i]?.Device is { } device && device != dy.Device)
                throw new InvalidOperationException(
                    $"{Name}.Backward returned a gradient on {device.DistinctName(dy.Device)} for input {i} on " +
                    $"{dy.Device}.");
        return gradients;
    }

    /// <summary>Removes the edges and releases the saved tensors and the result.</summary>
    internal void ReleaseAll()
    {
        Edges = [];
        if (savedTensors is not null)
            foreach (var (tensor, _, _) in savedTensors) tensor.ReleaseRetained();
        savedTensors = null;
        output?.ReleaseForCaller();
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

    private bool IsSaved(Tensor tensor) => savedTensors?.Exists(saved => saved.Tensor == tensor) ?? false;

    private InvalidOperationException NotSavedError(Tensor tensor, Exception? inner) => new(
        $"{Name}.Backward reads {Describe(tensor)} but Forward did not Save it" +
        (tensor.IsFreed ? ", so its storage has been freed. " : ", so it may be freed or changed by then. ") +
        "Call Save(tensor) in Forward for each tensor that Backward reads.", inner);

    private string Describe(Tensor tensor) =>
        tensor == output ? $"the result {tensor.Shape} of {Name}"
        : tensor.GradFn is { } producer ? $"the tensor {tensor.Shape}, {producer.Name}'s result,"
        : $"the {tensor.GetType().Name.ToLowerInvariant()} {tensor.Shape}";

    private void CheckInputs(ReadOnlySpan<Tensor> inputs)
    {
        if (isApplied)
            throw new InvalidOperationException($"{Name}: this instance was applied before; an op is applied once.");
        if (inputs.IsEmpty) throw new ArgumentException($"{Name}: there are no inputs.");
        foreach (var x in inputs)
        {
            ArgumentNullException.ThrowIfNull(x, Name);
            x.IsNew = false;
            if (x.Device != inputs[0].Device)
                throw new ArgumentException(
                    $"{Name}: inputs on {inputs[0].Device} and on {x.Device.DistinctName(inputs[0].Device)}. " +
                    "Ops do not copy between devices; use To(device).");
        }
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

namespace PyNetSharp;

/// <summary>
/// A dense array of floats on a device; if an op computed it, also an edge into the graph for gradients.
/// </summary>
/// <remarks>
/// <para>The extents of a rank-4 tensor are N×C×H×W; every array that is copied in or out has that order.</para>
/// <para>
/// There is nothing to dispose. The result of a recorded op is <em>transient</em>: <see cref="Backward()"/> frees its
/// storage after the last use, so that the next step needs no new memory. Read it before, or <see cref="Keep"/> it.
/// Tensors of a factory, parameters, gradients and the tensor that <see cref="Backward()"/> is called on are not
/// transient.
/// </para>
/// <para>
/// References are counted, as in COM and libtorch, to free storage before the garbage collector would. A new tensor has
/// none and belongs to the method that made it (in GLib's term, a floating reference); ops, the backward pass, leaves
/// (for their gradients) and callers hold one each. docs/architecture.md has the table.
/// </para>
/// <para>A graph is recorded and used by one thread at a time; several threads may read the same leaves.</para>
/// </remarks>
public partial class Tensor
{
    private Storage? storage;
    private Tensor? grad;
    private int references;
    private bool callerHoldsReference;      // of an op's result: the one among the references that Release ends

    /// <summary>A tensor over storage of its own, whose content is arbitrary.</summary>
    internal Tensor(Shape shape, Device device) : this(shape, device.Allocate(shape.Size))
    {
    }

    /// <summary>A tensor over given storage, of which it becomes one view.</summary>
    internal Tensor(Shape shape, Storage storage) => (Shape, Device, this.storage) = (shape, storage.Device, storage);

    /// <summary>Moves the storage out of <paramref name="content"/>, which must not be used afterwards.</summary>
    private protected Tensor(Tensor content) : this(content.Shape, content.Storage)
    {
        content.storage = null;
        Keep();
    }

    /// <summary>The extents; [n, c, h, w] for images.</summary>
    public Shape Shape { get; }

    /// <summary>The number of extents.</summary>
    public int Rank => Shape.Rank;

    /// <summary>The device whose memory holds the elements.</summary>
    public Device Device { get; private set; }

    /// <summary>
    /// Whether <see cref="Backward()"/> adds this tensor's gradient to <see cref="Grad"/>. Only for leaves: tensors
    /// that are not the result of a recorded op.
    /// </summary>
    /// <exception cref="InvalidOperationException">Set on the result of a recorded op.</exception>
    public bool RequiresGrad
    {
        get;
        set
        {
            if (GradFn is not null)
                throw new InvalidOperationException($"{Describe()}: only leaves take RequiresGrad.");
            field = value;
            if (callerHoldsReference) Keep();
        }
    }

    /// <summary>
    /// The sum of the gradients that <see cref="Backward()"/> has computed for this leaf, or for this result of an op
    /// after <see cref="RetainGrad"/>; or null.
    /// </summary>
    public Tensor? Grad
    {
        get => grad;
        internal set
        {
            if (ReferenceEquals(grad, value)) return;
            value?.Retain();
            grad?.ReleaseRetained();
            grad = value;
        }
    }

    /// <summary>Whether <see cref="RetainGrad"/> has been called on this result of an op.</summary>
    public bool RetainsGrad { get; private set; }

    /// <summary>The recorded op that computed this tensor; null for leaves, as PyTorch's grad_fn.</summary>
    internal Op? GradFn { get; set; }

    /// <summary>Whether this is a leaf that requires a gradient, or was computed from one.</summary>
    internal bool InGraph => RequiresGrad || GradFn is not null;

    /// <summary>
    /// At most one reference: none (floating), or the one of the code on whose behalf this runs (in Op.Backward the
    /// pass's); and no other tensor views the storage. Then that code may overwrite the content.
    /// </summary>
    internal bool IsExclusive => references <= 1 && Storage.HasSingleReference;

    /// <exception cref="InvalidOperationException">The storage has been freed.</exception>
    internal Storage Storage => storage ?? throw new InvalidOperationException(
        $"{GetType().Name} {Shape}{(GradFn is null ? "" : $", the result of {GradFn.Name}")}: its storage has been " +
        "freed (by Backward, Release, ZeroGrad, or a Sequential of which it was an intermediate) or taken over (by a " +
        "Parameter or ModuleBuffer). " +
        "Read the tensor before, or call Keep() on it when it is computed.")
    {
        Data = { [nameof(IsFreed)] = this },        // for the op whose Backward has read it
    };

    /// <summary>Whether there is no storage: it was freed or taken over.</summary>
    internal bool IsFreed => storage is null;

    /// <summary>Whether an op has created the tensor and none has taken it as an input or a gradient yet.</summary>
    internal bool IsNew { get; set; }

    /// <summary>The first element in storage order, for CPU kernels.</summary>
    internal unsafe float* Pointer => CpuData.Pointer;

    /// <summary>The elements in storage order, for CPU kernels.</summary>
    internal Span<float> Span => CpuData.Span(Shape.Size);

    /// <summary>Whether the tensor is on a CPU device, not on a GPU.</summary>
    internal bool IsOnCpu => Device is CpuDevice;

    /// <summary>The CPU device that holds this tensor and runs its kernels.</summary>
    internal CpuDevice Cpu => (CpuDevice)CpuData.Device;

    private CpuStorage CpuData =>
        Storage as CpuStorage
        ?? throw new NotSupportedException($"{Describe()}: a CPU kernel cannot read the device {Device}.");

    /// <summary>
    /// Adds a reference that is never released: the tensor stays readable after <see cref="Backward()"/> and
    /// <see cref="Release"/>, until it is unreachable.
    /// </summary>
    /// <returns>The same tensor.</returns>
    /// <exception cref="InvalidOperationException">The storage has been freed already.</exception>
    public Tensor Keep()
    {
        _ = Storage;
        if (callerHoldsReference) callerHoldsReference = false;     // becomes the reference that is never released
        else Retain();
        return this;
    }

    /// <summary>
    /// Ends the caller's reference to an op's result: frees the storage at once, or when <see cref="Backward()"/> has
    /// read it for the last time; and the gradient that was retained for it, if there is one already.
    /// </summary>
    /// <remarks>
    /// For evaluation loops and for layers that chain others, after the last use. Without this call the storage is
    /// freed by the finalizer. A second call does nothing, nor does a call on a kept tensor or on one that is not an
    /// op's result (a parameter, a buffer, a gradient, a factory's). A tensor without references (made inside an op) is
    /// freed at once.
    /// </remarks>
    public void Release()
    {
        ReleaseForCaller();
        if (RetainsGrad) Grad = null;
    }

    /// <summary>
    /// Lets <see cref="Backward()"/> store the gradient of this result of an op in <see cref="Grad"/>, as it does for a
    /// leaf: PyTorch's <c>retain_grad</c>. To be called before <see cref="Backward()"/>; does nothing for a leaf.
    /// </summary>
    /// <remarks>
    /// The gradient stays until this tensor is unreachable, or <see cref="Release"/> is called after it has been read.
    /// The content of this tensor is freed by <see cref="Backward()"/> as without.
    /// </remarks>
    /// <exception cref="InvalidOperationException">
    /// This tensor is in no graph, or an earlier <see cref="Backward()"/> has used its graph.
    /// </exception>
    /// <example><code>
    /// var features = body.Forward(x);
    /// features.RetainGrad();
    /// head.Forward(features).CrossEntropy(labels).Backward();
    /// var dFeatures = features.Grad;
    /// </code></example>
    public void RetainGrad()
    {
        if (!InGraph)
            throw new InvalidOperationException(
                $"RetainGrad: {GetType().Name} {Shape} is in no graph: no input required a gradient, or it was " +
                "computed under NoGrad.");
        if (GradFn is { Edges.Length: 0 })
            throw new InvalidOperationException(
                $"RetainGrad: an earlier Backward has used the graph of {GradFn.Name}'s result {Shape}; call it " +
                "before.");
        RetainsGrad = GradFn is not null;
    }

    /// <summary>
    /// A kept view of the same storage that is not in the graph: no gradient flows through, and nothing is copied.
    /// </summary>
    public Tensor Detach() => new Tensor(Shape, Storage.Retain()).Keep();

    /// <summary>
    /// Computes the gradient of this scalar with respect to every leaf that requires one, and adds it to the leaf's
    /// <see cref="Grad"/>.
    /// </summary>
    /// <exception cref="ShapeException">This tensor has more than one element.</exception>
    /// <exception cref="InvalidOperationException">
    /// This tensor is in no graph, an earlier call has used the graph, or a tensor that a gradient needs has been
    /// changed since.
    /// </exception>
    public void Backward()
    {
        if (Shape.Size != 1)
            throw new ShapeException($"Backward: {Shape} is not a scalar; pass its gradient as the seed.");
        using var one = new TemporaryTensor(Shape, Device);
        Device.Fill(one.Tensor.Storage, 1, 1);
        Backward(one);
    }

    /// <summary>
    /// As <see cref="Backward()"/>, for a tensor of any shape whose gradient is <paramref name="seed"/>.
    /// </summary>
    /// <param name="seed">Of this tensor's shape; not changed.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="InvalidOperationException">As for <see cref="Backward()"/>.</exception>
    public void Backward(Tensor seed)
    {
        ArgumentNullException.ThrowIfNull(seed);
        if (seed.Shape != Shape)
            throw new ShapeException($"Backward: a seed of shape {seed.Shape} for a tensor of shape {Shape}.");
        BackwardPass.Run(this, seed);
    }

    /// <summary>Adds a reference, which <see cref="ReleaseRetained"/> ends.</summary>
    internal void Retain() => Interlocked.Increment(ref references);

    /// <summary>Adds the caller's reference to an op's result, which <see cref="Release"/> ends.</summary>
    internal void RetainForCaller()
    {
        Retain();
        callerHoldsReference = true;
    }

    /// <summary>Ends a reference that <see cref="Retain"/> added; the last one frees the storage.</summary>
    internal void ReleaseRetained()
    {
        Interlocked.Decrement(ref references);
        FreeIfUnreferenced();
    }

    /// <summary>Moves this tensor itself, with its gradient, to another device.</summary>
    internal void Move(Device device)
    {
        if (device == Device) return;
        var (moved, movedGrad) = (CopyToDevice(device), Grad?.CopyToDevice(device));
        storage?.Release();
        (storage, moved.storage, Device, Grad) = (moved.storage, null, device, movedGrad);
    }

    /// <summary>Ends the caller's reference, if it holds one.</summary>
    internal void ReleaseForCaller()
    {
        if (callerHoldsReference) Interlocked.Decrement(ref references);
        callerHoldsReference = false;
        FreeIfUnreferenced();
    }

    private void FreeIfUnreferenced()
    {
        if (references > 0) return;
        storage?.Release();
        storage = null;
    }
}

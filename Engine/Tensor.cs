using System.Globalization;

namespace PyNetSharp;

/// <summary>A dense array of floats on a device, and a node's result in the graph that computes gradients.</summary>
/// <remarks>
/// <para>A rank-4 tensor is N×C×H×W to whoever uses it; every array that goes in or comes out is in that order.</para>
/// <para>
/// There is nothing to dispose. What an op returns while a graph is recorded is <em>transient</em>:
/// <see cref="Backward()"/> gives its storage back once it has used it for the last time, so that the next step needs no
/// new memory. Read it before, or <see cref="Keep"/> it. Tensors that you make, parameters, gradients and the tensor that
/// <see cref="Backward()"/> is called on stay. docs/architecture.md has the table of who holds which references.
/// </para>
/// <para>A graph is built and used by one thread at a time.</para>
/// </remarks>
public partial class Tensor
{
    private Storage? storage;
    private Tensor? grad;
    private int references;
    private bool releasable;    // one of the references is that of the code that computed the tensor; Release ends it

    /// <summary>A tensor over storage of its own, whose content is arbitrary.</summary>
    internal Tensor(Shape shape, Device device) : this(shape, device.Allocate(shape.Size))
    {
    }

    /// <summary>A tensor over given storage, of which it becomes one view.</summary>
    internal Tensor(Shape shape, Storage storage) => (Shape, Device, this.storage) = (shape, storage.Device, storage);

    /// <summary>Takes the content of <paramref name="content"/> over; that tensor must not be used any more.</summary>
    private protected Tensor(Tensor content) : this(content.Shape, content.Storage)
    {
        content.storage = null;
        Keep();
    }

    /// <summary>The extents; [n, c, h, w] for images.</summary>
    public Shape Shape { get; }

    /// <summary>The number of extents.</summary>
    public int Rank => Shape.Rank;

    /// <summary>Where the numbers are.</summary>
    public Device Device { get; private set; }

    /// <summary>
    /// Whether <see cref="Backward()"/> shall leave a gradient in <see cref="Grad"/>. For tensors that no op made.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// Set on an op's result: its gradient follows from the graph.
    /// </exception>
    public bool RequiresGrad
    {
        get;
        set
        {
            if (GradFn is not null)
                throw new InvalidOperationException($"{this} is the result of an op; only leaves take RequiresGrad.");
            field = value;
            if (releasable) Keep();
        }
    }

    /// <summary>The gradient that <see cref="Backward()"/> has summed up for this leaf, or null.</summary>
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

    /// <summary>The op that made this tensor while a graph was recorded.</summary>
    internal Op? GradFn { get; set; }

    /// <summary>Whether a gradient is wanted for this tensor or for something that it was made from.</summary>
    internal bool InGraph => RequiresGrad || GradFn is not null;

    /// <summary>Whether the only reference is the caller's, so that the content may be overwritten or taken over.</summary>
    internal bool HasSingleReference => references <= 1 && Storage.HasSingleReference;

    /// <exception cref="InvalidOperationException">The storage has been given back.</exception>
    internal Storage Storage => storage ?? throw new InvalidOperationException(
        $"{GetType().Name} {Shape}: its storage was given back for reuse" +
        (GradFn is null ? "." : $" after Backward had used it ({GradFn.Name}'s result).") +
        " Read the tensor before Backward, or call Keep() on it when it is made.");

    /// <summary>The numbers in storage order, for CPU kernels.</summary>
    internal unsafe float* Pointer => CpuData.Pointer;

    /// <summary>The numbers in storage order, for CPU kernels.</summary>
    internal Span<float> Span => CpuData.Span(Shape.Size);

    /// <summary>Whether CPU kernels work on this tensor; else it is a GPU's.</summary>
    internal bool IsOnCpu => Device is CpuDevice;

    /// <summary>The CPU that holds this tensor and runs its kernels.</summary>
    internal CpuDevice Cpu => (CpuDevice)CpuData.Device;

    private CpuStorage CpuData =>
        Storage as CpuStorage ?? throw new NotSupportedException($"{this}: a CPU kernel cannot read the device {Device}.");

    /// <summary>
    /// Makes the tensor readable after <see cref="Backward()"/> and <see cref="Release"/>, until it is unreachable.
    /// </summary>
    /// <returns>The same tensor.</returns>
    public Tensor Keep()
    {
        _ = Storage;
        if (releasable) releasable = false;
        else references++;
        return this;
    }

    /// <summary>
    /// Gives an op's result back for reuse at once, or as soon as the backward pass of a recorded graph has read it.
    /// </summary>
    /// <remarks>
    /// Ends the reference of the code that computed the tensor: loops that evaluate, and layers that chain others, call it
    /// after the last use. Without this call the storage returns through the finalizer. A second call, kept tensors, and
    /// tensors that no op made (parameters, buffers, gradients, those of a factory) are left as they are.
    /// </remarks>
    public void Release()
    {
        if (releasable) references--;
        releasable = false;
        FreeUnreferenced();
    }

    /// <summary>The same numbers, not in the graph: no gradient flows through. Nothing is copied.</summary>
    public Tensor Detach() => new Tensor(Shape, Storage.Retain()).Keep();

    /// <summary>
    /// Computes the gradient of this scalar by every leaf that requires one and adds it to the leaf's
    /// <see cref="Grad"/>.
    /// </summary>
    /// <exception cref="ShapeException">This tensor has more than one element.</exception>
    /// <exception cref="InvalidOperationException">No graph leads here, or an earlier call has used it up.</exception>
    public void Backward()
    {
        if (Shape.Size != 1) throw new ShapeException($"Backward: {Shape} is not a scalar; give the gradient to start from.");
        using var one = new TemporaryTensor(Shape, Device);
        Device.Fill(one.Tensor.Storage, 1, 1);
        Backward(one);
    }

    /// <summary>
    /// As <see cref="Backward()"/>, from the gradient <paramref name="seed"/> of something by this tensor.
    /// </summary>
    /// <param name="seed">Shaped like this tensor.</param>
    public void Backward(Tensor seed)
    {
        ArgumentNullException.ThrowIfNull(seed);
        if (seed.Shape != Shape)
            throw new ShapeException($"Backward: a seed of shape {seed.Shape} for a tensor of shape {Shape}.");
        BackwardPass.Run(this, seed);
    }

    /// <summary>Kind, shape and device; and the value of a scalar.</summary>
    public override string ToString() =>
        $"{GetType().Name} {Shape} on {Device}" +
        (Shape.Size == 1 && storage is not null ? $" = {Item().ToString("G6", CultureInfo.InvariantCulture)}" : "");

    /// <summary>Adds a reference, which <see cref="ReleaseRetained"/> ends.</summary>
    internal void Retain() => references++;

    /// <summary>Adds the reference that <see cref="Release"/> ends.</summary>
    internal void RetainUntilRelease()
    {
        references++;
        releasable = true;
    }

    /// <summary>Ends a reference that <see cref="Retain"/> added; after the last one the storage is free for reuse.</summary>
    internal void ReleaseRetained()
    {
        references--;
        FreeUnreferenced();
    }

    /// <summary>Moves this tensor itself, with its gradient, to another device.</summary>
    internal void Move(Device device)
    {
        if (device == Device) return;
        var moved = To(device);
        storage?.Release();
        (storage, moved.storage, Device, Grad) = (moved.storage, null, device, Grad?.To(device));
    }

    private void FreeUnreferenced()
    {
        if (references > 0) return;
        storage?.Release();
        storage = null;
    }
}

using System.Buffers;
using System.Runtime.CompilerServices;

namespace PyNetSharp;

/// <content>Copies of the elements: in logical order on the host, in storage order on the device.</content>
public partial class Tensor
{
    /// <summary>The element of a tensor of one element.</summary>
    /// <exception cref="ShapeException">The tensor has more elements or none.</exception>
    public float Item()
    {
        if (Shape.Size != 1) throw new ShapeException($"Item: {Shape} has {Shape.Size} elements, not 1.");
        Span<float> value = stackalloc float[1];
        CopyTo(value);
        return value[0];
    }

    /// <summary>A copy of the elements in logical row-major order: N, C, H, W for rank 4.</summary>
    public float[] ToArray()
    {
        var values = new float[Shape.Size];
        CopyTo(values);
        return values;
    }

    /// <summary>Copies the elements to an array of the host, in logical row-major order.</summary>
    /// <exception cref="ArgumentException">The span has another length than the tensor.</exception>
    public void CopyTo(Span<float> values)
    {
        CheckLength(values.Length);
        OpObserver.Current?.OnRead(this);
        if (Storage is CpuStorage cpu)
            Layout.ToLogical(Shape, cpu.Span(Shape.Size), values);
        else if (Layout.IsContiguous(Shape))
            Device.Download(Storage, values);
        else
        {
            var stored = ArrayPool<float>.Shared.Rent(Shape.Size);
            Device.Download(Storage, stored.AsSpan(0, Shape.Size));
            Layout.ToLogical(Shape, stored.AsSpan(0, Shape.Size), values);
            ArrayPool<float>.Shared.Return(stored);
        }

        GC.KeepAlive(this);
    }

    /// <summary>Overwrites all elements with values in logical row-major order.</summary>
    /// <exception cref="ArgumentException">The span has another length than the tensor.</exception>
    public void CopyFrom(ReadOnlySpan<float> values)
    {
        CheckLength(values.Length);
        BumpVersion();
        if (Storage is CpuStorage cpu)
            Layout.ToStorage(Shape, values, cpu.Span(Shape.Size));
        else if (Layout.IsContiguous(Shape))
            Device.Upload(values, Storage);
        else
        {
            var stored = ArrayPool<float>.Shared.Rent(Shape.Size);
            Layout.ToStorage(Shape, values, stored.AsSpan(0, Shape.Size));
            Device.Upload(stored.AsSpan(0, Shape.Size), Storage);
            ArrayPool<float>.Shared.Return(stored);
        }

        GC.KeepAlive(this);
    }

    /// <summary>
    /// Overwrites all elements with what <paramref name="next"/> returns, called in logical row-major order.
    /// </summary>
    public void Fill(Func<float> next)
    {
        ArgumentNullException.ThrowIfNull(next);
        if (Storage is StateShapes.NoStorage) return;
        var inPlace = Storage is CpuStorage && Layout.IsContiguous(Shape);      // no second array for large weights
        var values = inPlace ? Span : new float[Shape.Size];
        if (inPlace) BumpVersion();
        foreach (ref var value in values) value = next();
        if (!inPlace) CopyFrom(values);
        GC.KeepAlive(this);
    }

    /// <summary>Overwrites all elements with those of another tensor.</summary>
    /// <param name="source">Of the same shape, on the same device.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="InvalidOperationException">The devices differ.</exception>
    public void CopyFrom(Tensor source)
    {
        CheckSource(source);
        BumpVersion();
        Device.Copy(source.Storage, Storage, Shape.Size);
        GC.KeepAlive(source);
        GC.KeepAlive(this);
    }

    /// <summary>A copy on another device, not in the graph; this tensor itself if it is there already.</summary>
    public Tensor To(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return device == Device ? this : CopyToDevice(device).Keep();
    }

    /// <summary>As <see cref="To"/>, but the copy has no reference yet.</summary>
    internal Tensor CopyToDevice(Device device)
    {
        if (device == Device) return this;
        var copy = new Tensor(Shape, device);
        if (Storage is CpuStorage cpu && device is CpuDevice) device.Upload(cpu.Span(Shape.Size), copy.Storage);
        else copy.CopyFrom(ToArray());
        GC.KeepAlive(this);
        return copy;
    }

    /// <summary>
    /// Counts an overwrite of the content: <see cref="Backward()"/> throws where an op has saved the earlier content.
    /// </summary>
    internal void BumpVersion() => Storage.BumpVersion();

    internal void CheckSource(Tensor source, [CallerMemberName] string caller = "")
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Shape != Shape) throw new ShapeException($"{caller}: {source.Shape} does not fit into {Shape}.");
        if (source.Device != Device)
            throw new InvalidOperationException(
                $"{caller}: from the device {source.Device} to {Device.DistinctName(source.Device)}; " +
                "move one with To.");
    }

    private void CheckLength(int length, [CallerMemberName] string caller = "") => CheckLength(length, Shape, caller);

    /// <exception cref="ArgumentException">The shape has another number of elements.</exception>
    internal static void CheckLength(int length, Shape shape, string caller)
    {
        if (length != shape.Size)
            throw new ArgumentException($"{caller}: {length} numbers for a tensor of shape {shape} ({shape.Size}).");
    }
}

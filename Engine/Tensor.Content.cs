using System.Buffers;
using System.Runtime.CompilerServices;

namespace PyNetSharp;

/// <content>The numbers, in and out: in logical order on the host, in storage order on the device.</content>
public partial class Tensor
{
    /// <summary>The only element of a tensor of one.</summary>
    /// <exception cref="ShapeException">There are more or fewer.</exception>
    public float Item()
    {
        if (Shape.Size != 1) throw new ShapeException($"Item: {Shape} has {Shape.Size} elements, not 1.");
        Span<float> value = stackalloc float[1];
        CopyTo(value);
        return value[0];
    }

    /// <summary>The numbers in logical row-major order: N, C, H, W for rank 4.</summary>
    public float[] ToArray()
    {
        var values = new float[Shape.Size];
        CopyTo(values);
        return values;
    }

    /// <summary>Copies the numbers out, in logical row-major order.</summary>
    /// <exception cref="ArgumentException">The span has another length than the tensor.</exception>
    public void CopyTo(Span<float> values)
    {
        CheckLength(values.Length);
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

    /// <summary>Overwrites all numbers, given in logical row-major order.</summary>
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

    /// <summary>Overwrites all numbers with what <paramref name="next"/> gives, in logical row-major order.</summary>
    public void Fill(Func<float> next)
    {
        ArgumentNullException.ThrowIfNull(next);
        var inPlace = Storage is CpuStorage && Layout.IsContiguous(Shape);      // large weights are, and need no array beside them
        var values = inPlace ? Span : new float[Shape.Size];
        if (inPlace) BumpVersion();
        foreach (ref var value in values) value = next();
        if (!inPlace) CopyFrom(values);
        GC.KeepAlive(this);
    }

    /// <summary>Overwrites all numbers with those of another tensor.</summary>
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

    /// <summary>The same numbers on another device; this tensor itself if it is there already.</summary>
    public Tensor To(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device == Device) return this;
        if (Storage is not CpuStorage cpu || device is not CpuDevice) return Tensor.From(Shape, ToArray(), device);
        var copy = new Tensor(Shape, device).Keep();
        device.Upload(cpu.Span(Shape.Size), copy.Storage);
        GC.KeepAlive(this);
        return copy;
    }

    /// <summary>Says that the content is overwritten: a graph that has read it refuses to go backward.</summary>
    internal void BumpVersion() => Storage.BumpVersion();

    internal void CheckSource(Tensor source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Shape != Shape) throw new ShapeException($"CopyFrom: {source.Shape} does not fit into {Shape}.");
        if (source.Device != Device)
            throw new InvalidOperationException($"CopyFrom: from the device {source.Device} to {Device.DistinctName(source.Device)}; move one with To.");
    }

    private void CheckLength(int length, [CallerMemberName] string caller = "")
    {
        if (length != Shape.Size) throw new ArgumentException($"{caller}: {length} numbers for a tensor of shape {Shape} ({Shape.Size}).");
    }
}

using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>
/// The classes of a batch's items, or of the pixels of its masks, on the host and on the device whose kernels read
/// them.
/// </summary>
/// <remarks>They are copied to a device once, for the loss, its gradient and the metrics.</remarks>
[DebuggerDisplay("{DebuggerText,nq}")]
public sealed class Labels : IReadOnlyList<int>
{
    private const int MaxDebuggerElements = 8;

    private readonly int[] classes;
    private Tensor? deviceCopy;     // floats whose bits are the class numbers

    /// <summary>Labels on the host.</summary>
    /// <param name="classes">The class of each item.</param>
    /// <param name="device">The device that will read them, or null to copy them at the first use.</param>
    public Labels(ReadOnlySpan<int> classes, Device? device = null) : this([classes.Length], classes, device)
    {
    }

    /// <summary>Labels of a shape, on the host.</summary>
    /// <param name="shape">[N], or [N, H, W] for masks.</param>
    /// <param name="classes">The class of each item or pixel, row after row.</param>
    /// <param name="device">The device that will read them, or null to copy them at the first use.</param>
    /// <exception cref="ShapeException">There are not as many classes as the shape has elements.</exception>
    public Labels(Shape shape, ReadOnlySpan<int> classes, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (shape.Size != classes.Length)
            throw new ShapeException($"Labels: {classes.Length} classes for the shape {shape}.");
        (Shape, this.classes) = (shape, classes.ToArray());
        if (device is not (null or CpuDevice)) Upload(device);
    }

    /// <summary>Labels of a tensor's shape and elements, such as those of <c>ArgMax(axis)</c>.</summary>
    /// <param name="values">Whole numbers. On a GPU they are copied to the host, which waits for them.</param>
    /// <exception cref="ArgumentOutOfRangeException">An element is no whole number.</exception>
    public Labels(Tensor values) : this(ThrowIfNull(values).Shape, WholeNumbers.Of("Labels", nameof(values), values))
    {
        if (OpObserver.Current is not null) Source = values;
    }

    /// <summary>[N], or [N, H, W] for masks.</summary>
    public Shape Shape { get; }

    /// <summary>The number of labels: of items, or of all masks' pixels.</summary>
    public int Count => classes.Length;

    /// <summary>Label number <paramref name="index"/>, of masks counted row after row.</summary>
    public int this[int index] => classes[index];

    /// <summary>All classes.</summary>
    public ReadOnlySpan<int> Span => classes;

    /// <summary>The debugger's line.</summary>
    private string DebuggerText
    {
        get
        {
            var first = classes.Take(MaxDebuggerElements).Select(label => label.ToString(CultureInfo.InvariantCulture));
            return $"Labels {Shape}: {string.Join(", ", first)}{(Count > MaxDebuggerElements ? ", …" : "")}";
        }
    }

    /// <summary>The tensor that they are from, which a tracer wants; null otherwise, so that it can be freed.</summary>
    internal Tensor? Source { get; }

    /// <summary>How often the labels were overwritten.</summary>
    internal int Version { get; private set; }

    /// <summary>Overwrites all labels, also on the device that they were copied to.</summary>
    /// <exception cref="ArgumentException">The number of classes is not <see cref="Count"/>.</exception>
    public void CopyFrom(ReadOnlySpan<int> classes)
    {
        if (classes.Length != Count)
            throw new ArgumentException($"Labels: {classes.Length} classes for {Count} items.", nameof(classes));
        Version++;
        classes.CopyTo(this.classes);
        if (deviceCopy is not null) Upload(deviceCopy.Device);
    }

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)classes).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The labels, as a tensor prints, with <see cref="PrintOptions.Default"/>.</summary>
    public override string ToString() => ToString(null);

    /// <summary>The labels, as a tensor prints; nothing waits for a device, because they are on the host too.</summary>
    /// <param name="options">How to print; null for <see cref="PrintOptions.Default"/>.</param>
    /// <returns><c>labels([3, 1, 4])</c>, with the shape if not all are shown, or there are none.</returns>
    public string ToString(PrintOptions? options) => TensorText.Write(Shape, classes, options ?? PrintOptions.Default);

    private static Tensor ThrowIfNull(Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return values;
    }

    /// <summary>[<see cref="Count"/>] floats whose bits are the classes.</summary>
    internal Tensor OnDevice(Device device)
    {
        if (deviceCopy?.Device != device) Upload(device);
        return deviceCopy!;
    }

    private void Upload(Device device)
    {
        if (deviceCopy?.Device != device)
        {
            deviceCopy = new([Count], device);
            deviceCopy.Keep();
        }

        device.Upload(MemoryMarshal.Cast<int, float>(classes), deviceCopy.Storage);
    }

    /// <summary>The classes as kernels of this device read them.</summary>
    internal ArrayView<int> ViewOn(Device device) => OnDevice(device).View.Cast<int>();
}

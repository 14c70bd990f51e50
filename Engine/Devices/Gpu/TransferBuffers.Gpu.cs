using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace PyNetSharp;

/// <summary>Page-locked memory through which numbers go to a GPU and come back.</summary>
/// <remarks>
/// An upload is copied here and sent while the caller goes on; a buffer is written again only when its last upload is done.
/// </remarks>
internal sealed class TransferBuffers(Accelerator accelerator)
{
    private const int Ring = 4;         // a batch and its labels, for the step that runs and for the one after it

    private readonly PageLockedArray1D<float>?[] arrays = new PageLockedArray1D<float>?[Ring];
    private readonly ProfilingMarker?[] sent = new ProfilingMarker?[Ring];
    private int next;

    /// <summary>How many transfers there were, both ways.</summary>
    public long Count { get; private set; }

    public void Upload(ReadOnlySpan<float> from, ArrayView<float> to)
    {
        if (from.IsEmpty) return;
        var place = next = (next + 1) % Ring;
        var array = Free(place, from.Length);
        from.CopyTo(array.Span);
        using var host = Part(array, from.Length);
        to.CopyFrom(accelerator.DefaultStream, host.AsArrayView<float>(0, from.Length));
        sent[place] = accelerator.DefaultStream.AddProfilingMarker();
        Count++;
    }

    public void Download(ArrayView<float> from, Span<float> to)
    {
        if (to.IsEmpty) return;
        var place = next = (next + 1) % Ring;
        var array = Free(place, to.Length);
        using var host = Part(array, to.Length);
        from.CopyTo(accelerator.DefaultStream, host.AsArrayView<float>(0, to.Length));
        accelerator.DefaultStream.Synchronize();
        array.Span[..to.Length].CopyTo(to);
        Count++;
    }

    /// <summary>The first floats of an array. ILGPU's OpenCL copies whole host buffers, whatever part a view shows.</summary>
    private CPUMemoryBuffer Part(PageLockedArray1D<float> array, int length) =>
        CPUMemoryBuffer.Create(accelerator, Marshal.UnsafeAddrOfPinnedArrayElement(array.GetArray(), 0), length, sizeof(float));

    /// <summary>An array of at least so many floats that no transfer uses any more.</summary>
    private PageLockedArray1D<float> Free(int place, int length)
    {
        sent[place]?.Synchronize();
        sent[place]?.Dispose();
        sent[place] = null;
        if (arrays[place] is { } array && array.Length >= length) return array;

        arrays[place]?.Dispose();
        return arrays[place] = accelerator.AllocatePageLocked1D<float>(Math.Max(length, 1024), uninitialized: true);
    }
}

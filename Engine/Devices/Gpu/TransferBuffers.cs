using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace PyNetSharp;

/// <summary>Page-locked memory through which numbers go to a GPU and come back.</summary>
/// <remarks>
/// An upload is copied here and sent while the caller goes on; a buffer is written again only when its last upload is done.
/// Kernels may be launched by other threads all the while: the stream's lock is held only to put a transfer into it.
/// </remarks>
/// <param name="stream">Held by whoever puts something into the accelerator's stream.</param>
internal sealed class TransferBuffers(Accelerator accelerator, Lock stream)
{
    private const int Small = 1 << 14;      // floats; labels and figures do not take a batch's large buffers

    private readonly Place[] small = [new(), new(), new(), new()], large = [new(), new()];
    private readonly Lock buffers = new();
    private uint next;

    /// <summary>How many transfers there were, both ways.</summary>
    public long Count { get; private set; }

    /// <summary>Bytes of page-locked memory.</summary>
    public long PageLocked
    {
        get { lock (buffers) return small.Concat(large).Sum(place => (place.Array?.Length ?? 0) * sizeof(float)); }
    }

    public void Upload(ReadOnlySpan<float> from, ArrayView<float> to)
    {
        if (from.IsEmpty) return;
        lock (buffers)
        {
            var place = Next(from.Length);
            from.CopyTo(place.Array!.Span);
            using var host = Part(place.Array, from.Length);
            lock (stream)
            {
                to.CopyFrom(accelerator.DefaultStream, host.AsArrayView<float>(0, from.Length));
                place.Sent = accelerator.DefaultStream.AddProfilingMarker();
            }

            Count++;
        }
    }

    public void Download(ArrayView<float> from, Span<float> to)
    {
        if (to.IsEmpty) return;
        lock (buffers)
        {
            var place = Next(to.Length);
            using var host = Part(place.Array!, to.Length);
            lock (stream) from.CopyTo(accelerator.DefaultStream, host.AsArrayView<float>(0, to.Length));
            accelerator.DefaultStream.Synchronize();
            place.Array!.Span[..to.Length].CopyTo(to);
            Count++;
        }
    }

    /// <summary>
    /// Gives the memory back, once what is under way has arrived; the next transfers take new memory.
    /// </summary>
    public void Release()
    {
        lock (buffers)
            foreach (var place in small.Concat(large))
            {
                Await(place);
                place.Array?.Dispose();
                place.Array = null;
            }
    }

    /// <summary>The first floats of an array. ILGPU's OpenCL copies whole host buffers, whatever part a view shows.</summary>
    private CPUMemoryBuffer Part(PageLockedArray1D<float> array, int length) =>
        CPUMemoryBuffer.Create(accelerator, Marshal.UnsafeAddrOfPinnedArrayElement(array.GetArray(), 0), length, sizeof(float));

    /// <summary>A place for at least so many floats that no transfer uses any more.</summary>
    private Place Next(int length)
    {
        var places = length <= Small ? small : large;
        var place = places[next++ % places.Length];
        Await(place);
        if (place.Array is { } array && array.Length >= length) return place;

        place.Array?.Dispose();
        place.Array = null;
        place.Array = accelerator.AllocatePageLocked1D<float>(Math.Max(length, Small), uninitialized: true);
        return place;
    }

    /// <summary>Returns when no transfer uses the place.</summary>
    private static void Await(Place place)
    {
        place.Sent?.Synchronize();
        place.Sent?.Dispose();
        place.Sent = null;
    }

    private sealed class Place
    {
        public PageLockedArray1D<float>? Array { get; set; }

        /// <summary>Passed when the last upload from here is done.</summary>
        public ProfilingMarker? Sent { get; set; }
    }
}

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
internal sealed class StagingBuffers(Accelerator accelerator, Lock stream)
{
    private const int SmallLength = 1 << 14;      // floats; labels and figures do not take a batch's large buffers

    private readonly StagingSlot[] small = [new(), new(), new(), new()], large = [new(), new()];
    private readonly Lock buffersLock = new();
    private uint next;

    /// <summary>How many transfers there were, both ways.</summary>
    public long TransferCount { get; private set; }

    /// <summary>Bytes of page-locked memory.</summary>
    public long PinnedBytes
    {
        get { lock (buffersLock) return small.Concat(large).Sum(place => (place.Array?.Length ?? 0) * sizeof(float)); }
    }

    public void Upload(ReadOnlySpan<float> from, ArrayView<float> to)
    {
        if (from.IsEmpty) return;
        lock (buffersLock)
        {
            var place = NextFree(from.Length);
            from.CopyTo(place.Array!.Span);
            using var host = HostView(place.Array, from.Length);
            lock (stream)
            {
                to.CopyFrom(accelerator.DefaultStream, host.AsArrayView<float>(0, from.Length));
                place.UploadDone = accelerator.DefaultStream.AddProfilingMarker();
            }

            TransferCount++;
        }
    }

    public void Download(ArrayView<float> from, Span<float> to)
    {
        if (to.IsEmpty) return;
        lock (buffersLock)
        {
            var place = NextFree(to.Length);
            using var host = HostView(place.Array!, to.Length);
            lock (stream) from.CopyTo(accelerator.DefaultStream, host.AsArrayView<float>(0, to.Length));
            accelerator.DefaultStream.Synchronize();
            place.Array!.Span[..to.Length].CopyTo(to);
            TransferCount++;
        }
    }

    /// <summary>
    /// Gives the memory back, once what is under way has arrived; the next transfers take new memory.
    /// </summary>
    public void Release()
    {
        lock (buffersLock)
            foreach (var place in small.Concat(large))
            {
                WaitFor(place);
                place.Array?.Dispose();
                place.Array = null;
            }
    }

    /// <summary>The first floats of an array. ILGPU's OpenCL copies whole host buffers, whatever part a view shows.</summary>
    private CPUMemoryBuffer HostView(PageLockedArray1D<float> array, int length) =>
        CPUMemoryBuffer.Create(accelerator, Marshal.UnsafeAddrOfPinnedArrayElement(array.GetArray(), 0), length, sizeof(float));

    /// <summary>A place for at least so many floats that no transfer uses any more.</summary>
    private StagingSlot NextFree(int length)
    {
        var places = length <= SmallLength ? small : large;
        var place = places[next++ % places.Length];
        WaitFor(place);
        if (place.Array is { } array && array.Length >= length) return place;

        place.Array?.Dispose();
        place.Array = null;
        place.Array = accelerator.AllocatePageLocked1D<float>(Math.Max(length, SmallLength), uninitialized: true);
        return place;
    }

    /// <summary>Returns when no transfer uses the place.</summary>
    private static void WaitFor(StagingSlot place)
    {
        place.UploadDone?.Synchronize();
        place.UploadDone?.Dispose();
        place.UploadDone = null;
    }

    private sealed class StagingSlot
    {
        public PageLockedArray1D<float>? Array { get; set; }

        /// <summary>Passed when the last upload from here is done.</summary>
        public ProfilingMarker? UploadDone { get; set; }
    }
}

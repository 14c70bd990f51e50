using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace PyNetSharp;

/// <summary>Page-locked (pinned) buffers of the host, through which all copies to and from a GPU go.</summary>
/// <remarks>
/// An upload is copied into a buffer and sent asynchronously; the buffer is reused only when that upload has finished.
/// Other threads may launch kernels meanwhile: the stream's lock is held only while a copy is put into the stream.
/// </remarks>
/// <param name="accelerator">The GPU.</param>
/// <param name="streamLock">Held while something is put into the accelerator's stream.</param>
internal sealed class StagingBuffers(Accelerator accelerator, Lock streamLock)
{
    // Floats; labels and scalars do not occupy the large buffers of batches
    private const int SmallLength = 1 << 14;

    private readonly StagingSlot[] small = [new(), new(), new(), new()], large = [new(), new()];
    private readonly Lock buffersLock = new();
    private uint next;

    /// <summary>How many copies were made, in both directions.</summary>
    public long TransferCount { get; private set; }

    /// <summary>Bytes of page-locked memory.</summary>
    public long PinnedBytes
    {
        get { lock (buffersLock) return small.Concat(large).Sum(slot => (slot.Array?.Length ?? 0) * sizeof(float)); }
    }

    public void Upload(ReadOnlySpan<float> from, ArrayView<float> to)
    {
        if (from.IsEmpty) return;
        lock (buffersLock)
        {
            var slot = NextFree(from.Length);
            from.CopyTo(slot.Array!.Span);
            using var host = HostView(slot.Array, from.Length);
            lock (streamLock)
            {
                to.CopyFrom(accelerator.DefaultStream, host.AsArrayView<float>(0, from.Length));
                slot.UploadDone = accelerator.DefaultStream.AddProfilingMarker();
            }

            TransferCount++;
        }
    }

    public void Download(ArrayView<float> from, Span<float> to)
    {
        if (to.IsEmpty) return;
        lock (buffersLock)
        {
            var slot = NextFree(to.Length);
            using var host = HostView(slot.Array!, to.Length);
            lock (streamLock) from.CopyTo(accelerator.DefaultStream, host.AsArrayView<float>(0, to.Length));
            accelerator.DefaultStream.Synchronize();
            slot.Array!.Span[..to.Length].CopyTo(to);
            TransferCount++;
        }
    }

    /// <summary>Waits for pending uploads and frees the buffers; the next copies allocate new ones.</summary>
    public void Release()
    {
        lock (buffersLock)
            foreach (var slot in small.Concat(large))
            {
                WaitFor(slot);
                slot.Array?.Dispose();
                slot.Array = null;
            }
    }

    /// <summary>
    /// A buffer of the first <paramref name="length"/> floats of an array: ILGPU's OpenCL copies whole buffers of the
    /// host, not views of them.
    /// </summary>
    private CPUMemoryBuffer HostView(PageLockedArray1D<float> array, int length) =>
        CPUMemoryBuffer.Create(
            accelerator, Marshal.UnsafeAddrOfPinnedArrayElement(array.GetArray(), 0), length, sizeof(float));

    /// <summary>A slot for at least <paramref name="length"/> floats, whose last upload has finished.</summary>
    private StagingSlot NextFree(int length)
    {
        var slots = length <= SmallLength ? small : large;
        var slot = slots[next++ % slots.Length];
        WaitFor(slot);
        if (slot.Array is { } array && array.Length >= length) return slot;

        slot.Array?.Dispose();
        slot.Array = null;
        slot.Array = accelerator.AllocatePageLocked1D<float>(Math.Max(length, SmallLength), uninitialized: true);
        return slot;
    }

    /// <summary>Waits until the slot's last upload has finished.</summary>
    private static void WaitFor(StagingSlot slot)
    {
        slot.UploadDone?.Synchronize();
        slot.UploadDone?.Dispose();
        slot.UploadDone = null;
    }

    private sealed class StagingSlot
    {
        public PageLockedArray1D<float>? Array { get; set; }

        /// <summary>The end of the last upload from this buffer.</summary>
        public ProfilingMarker? UploadDone { get; set; }
    }
}

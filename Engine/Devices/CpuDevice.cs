using System.Collections.Concurrent;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace PyNetSharp;

/// <summary>The processor: native memory, and a team of threads that share the work of one op.</summary>
public sealed class CpuDevice : Device
{
    private const int ElementwiseChunk = 1 << 16;      // floats per piece of an elementwise pass: 256 KB stays in the L2 cache

    private static readonly ConcurrentDictionary<int, CpuDevice> ByThreads = new();

    private readonly ThreadTeam team;
    private readonly CachingAllocator<nint> allocator;

    /// <summary>A CPU device that works with so many threads.</summary>
    /// <param name="threads">1 to 1024, or 0 for one per core. Results do not depend on it, bit for bit.</param>
    /// <param name="memoryLimit">The most bytes for tensors; 0 for as much as the process may have.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public CpuDevice(int threads = 0, long memoryLimit = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 1024);
        ArgumentOutOfRangeException.ThrowIfNegative(memoryLimit);
        Threads = threads == 0 ? Environment.ProcessorCount : threads;
        MemoryLimit = memoryLimit == 0 ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes : memoryLimit;
        team = new(Threads);
        allocator = new(AllocateFromSystem, static (block, offset) => block + (nint)offset, FreeToSystem, MemoryLimit);
    }

    /// <summary>Whoever drops a device drops its memory; tensors that are dropped with it give theirs back now or a little later.</summary>
    ~CpuDevice() => allocator?.Close();      // null where the constructor has refused its arguments

    /// <summary>The device with this number of threads, the same at each call; <see cref="Device.Cpu"/> for 0 and for as many as it has.</summary>
    internal static CpuDevice WithThreads(int threads) =>
        threads == 0 || threads == Cpu.Threads ? Cpu : ByThreads.GetOrAdd(threads, static threads => new(threads));

    /// <summary>How many threads share an op's work.</summary>
    public int Threads { get; }

    /// <summary>The most bytes that tensors here may take.</summary>
    public long MemoryLimit { get; }

    /// <inheritdoc/>
    public override string Name => "cpu";

    /// <summary><c>cpu</c>; with the number of threads where there is another CPU device that it could be taken for.</summary>
    public override string ToString() => ReferenceEquals(this, Cpu) ? Name : $"{Name} ({Threads} thread{(Threads == 1 ? "" : "s")}, a device of its own)";

    /// <inheritdoc/>
    public override MemoryStats Memory => allocator.Stats;

    /// <inheritdoc/>
    public override void Synchronize()
    {
    }

    /// <inheritdoc/>
    public override void EmptyCache() => allocator.EmptyCache();

    /// <summary>Calls <paramref name="body"/> once for each of 0 … <paramref name="count"/> − 1, in any order, on all threads.</summary>
    /// <remarks>
    /// For results that do not depend on the number of threads, let <paramref name="count"/> depend on the problem alone
    /// and let no two calls write the same place. A nested call runs on the calling thread.
    /// </remarks>
    public void For(int count, Action<int> body) => team.Run(count, body);

    /// <summary>Cuts 0 … <paramref name="count"/> − 1 into pieces of <paramref name="size"/>; calls (start, length) for each.</summary>
    internal void ForRanges(int count, int size, Action<int, int> body) =>
        team.RunRanges(count, size, body);

    internal override Storage Allocate(int count)
    {
        var block = AllocateBlock(count);
        return new CpuStorage(this, block.Start, block.Size);
    }

    /// <summary>A block for so many floats, to be given to <see cref="FreeBlock"/>; its content is arbitrary.</summary>
    internal Block AllocateBlock(int count)
    {
        var size = CachingAllocator<nint>.RoundedSize(Math.Max(1L, count) * sizeof(float));
        return new(allocator.Allocate(size), size);
    }

    internal void FreeBlock(nint block, long size) => allocator.Free(block, size);

    internal override void Upload(ReadOnlySpan<float> from, Storage to) => from.CopyTo(((CpuStorage)to).Span(from.Length));

    internal override void Download(Storage from, Span<float> to) => ((CpuStorage)from).Span(to.Length).CopyTo(to);

    internal override void Copy(Storage from, Storage to, int count)
    {
        var (source, target) = ((CpuStorage)from, (CpuStorage)to);
        ForRanges(count, ElementwiseChunk, (start, n) => source.Span(start, n).CopyTo(target.Span(start, n)));
    }

    internal override void Fill(Storage to, int count, float value)
    {
        var target = (CpuStorage)to;
        ForRanges(count, ElementwiseChunk, (start, n) => target.Span(start, n).Fill(value));
    }

    internal override void Accumulate(Storage from, Storage to, int count)
    {
        var (source, target) = ((CpuStorage)from, (CpuStorage)to);
        ForRanges(count, ElementwiseChunk, (start, n) =>
            TensorPrimitives.Add(target.Span(start, n), source.Span(start, n), target.Span(start, n)));
    }

    private static nint AllocateFromSystem(long bytes) => HugePages.Allocate(bytes);

    private static unsafe void FreeToSystem(nint block) => NativeMemory.AlignedFree((void*)block);

    /// <summary>Native memory from <see cref="Start"/> on, 64-byte aligned, of <see cref="Size"/> bytes.</summary>
    internal readonly record struct Block(nint Start, long Size);
}

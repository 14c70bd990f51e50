using System.Collections.Concurrent;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace PyNetSharp;

/// <summary>The CPU: native memory, and a team of threads that share the work of each op.</summary>
public sealed class CpuDevice : Device
{
    // In floats: 256 KB stays in the L2 cache
    private const int ElementwiseChunk = 1 << 16;

    // Derived blocks take at most one part in this many of the memory limit
    private const int DerivedBlocksPart = 8;

    private static readonly ConcurrentDictionary<int, CpuDevice> ByThreads = new();

    private readonly ThreadTeam team;
    private readonly CachingAllocator<nint> allocator;

    /// <summary>A CPU device with memory and threads of its own.</summary>
    /// <param name="threads">1 to 1024, or 0 for one per core. Results do not depend on it, bit for bit.</param>
    /// <param name="memoryLimit">The most bytes for tensors; 0 for all memory that the process may use.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public CpuDevice(int threads = 0, long memoryLimit = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 1024);
        ArgumentOutOfRangeException.ThrowIfNegative(memoryLimit);
        Threads = threads == 0 ? Environment.ProcessorCount : threads;
        MemoryLimit = memoryLimit == 0 ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes : memoryLimit;
        team = new(Threads);
        Derived = new(this, MemoryLimit / DerivedBlocksPart);
        Func<long>? available = ContainerMemory.Current is { } container ? () => container.Available : null;
        allocator = new(
            AllocateFromSystem, static (block, offset) => block + (nint)offset, FreeToSystem, MemoryLimit, available,
            Derived.Clear);
    }

    /// <summary>
    /// Frees the free blocks; those of tensors that became unreachable together with the device are freed now or by
    /// their finalizers.
    /// </summary>
    ~CpuDevice() => allocator?.Close();      // null if the constructor has thrown

    /// <summary>
    /// The shared device with this number of threads: <see cref="Device.Cpu"/> for 0 and for its own number.
    /// </summary>
    internal static CpuDevice WithThreads(int threads) =>
        threads == 0 || threads == Cpu.Threads ? Cpu : ByThreads.GetOrAdd(threads, static threads => new(threads));

    /// <summary>The number of threads that share an op's work.</summary>
    public int Threads { get; }

    /// <summary>The most bytes that tensors here may take.</summary>
    public long MemoryLimit { get; }

    /// <inheritdoc/>
    public override string Name => "cpu";

    /// <summary><c>cpu</c>; with the number of threads if this is not <see cref="Device.Cpu"/>.</summary>
    public override string ToString() => ReferenceEquals(this, Cpu)
        ? Name
        : $"{Name} ({Threads} thread{(Threads == 1 ? "" : "s")}, a device of its own)";

    /// <inheritdoc/>
    public override MemoryStats Memory => allocator.Stats;

    /// <inheritdoc/>
    public override void Synchronize()
    {
    }

    /// <inheritdoc/>
    public override void EmptyCache()
    {
        Derived.Clear();
        allocator.EmptyCache();
    }

    /// <summary>What kernels keep from one call to the next, such as packed weights.</summary>
    internal DerivedBlocks Derived { get; }

    /// <summary>
    /// Calls <paramref name="body"/> once for each of 0 … <paramref name="count"/> − 1, in any order, on all threads.
    /// </summary>
    /// <remarks>
    /// Results do not depend on the number of threads if <paramref name="count"/> does not, and if no two calls write
    /// to the same address. A nested call runs on the calling thread.
    /// </remarks>
    public void For(int count, Action<int> body) => team.Run(count, new DelegateBody(body));

    /// <summary>As the other form, without a delegate: nothing is allocated.</summary>
    /// <inheritdoc cref="For(int, Action{int})"/>
    /// <typeparam name="TBody">May hold references, and pointers to what lives until the loop is over.</typeparam>
    public void For<TBody>(int count, in TBody body) where TBody : struct, ILoopBody => team.Run(count, body);

    /// <summary>
    /// Splits 0 … <paramref name="count"/> − 1 into ranges of <paramref name="size"/>, the last one shorter, and calls
    /// (start, length) for each as <see cref="For(int, Action{int})"/> does.
    /// </summary>
    public void ForRanges(int count, int size, Action<int, int> body) =>
        ForRanges(count, size, new DelegateRangeBody(body));

    /// <summary>As the other form, without a delegate: nothing is allocated.</summary>
    /// <inheritdoc cref="ForRanges(int, int, Action{int, int})"/>
    /// <typeparam name="TBody">As for <see cref="For{TBody}(int, in TBody)"/>.</typeparam>
    public void ForRanges<TBody>(int count, int size, in TBody body) where TBody : struct, IRangeBody =>
        team.Run((int)(((long)count + size - 1) / size), new Ranges<TBody>(body, size, count));

    internal override Storage Allocate(int count)
    {
        var block = AllocateBlock(count);
        return new CpuStorage(this, block.Start, block.Size);
    }

    /// <summary>
    /// A block for <paramref name="count"/> floats of arbitrary content; <see cref="FreeBlock"/> frees it.
    /// </summary>
    internal Block AllocateBlock(int count)
    {
        var size = CachingAllocator<nint>.RoundedSize(Math.Max(1L, count) * sizeof(float));
        return new(allocator.Allocate(size), size);
    }

    internal void FreeBlock(nint block, long size) => allocator.Free(block, size);

    internal override void Upload(ReadOnlySpan<float> from, Storage to) =>
        from.CopyTo(((CpuStorage)to).Span(from.Length));

    internal override void Download(Storage from, Span<float> to, int start = 0) =>
        ((CpuStorage)from).Span(start, to.Length).CopyTo(to);

    internal override void Copy(Storage from, Storage to, int count) =>
        ForRanges(count, ElementwiseChunk, new CopyBody((CpuStorage)from, (CpuStorage)to));

    internal override void Fill(Storage to, int count, float value) =>
        ForRanges(count, ElementwiseChunk, new FillBody((CpuStorage)to, value));

    internal override void Accumulate(Storage from, Storage to, int count) =>
        ForRanges(count, ElementwiseChunk, new AccumulateBody((CpuStorage)from, (CpuStorage)to));

    private static nint AllocateFromSystem(long bytes) => HugePages.Allocate(bytes);

    private static unsafe void FreeToSystem(nint block) => NativeMemory.AlignedFree((void*)block);

    private readonly struct CopyBody(CpuStorage from, CpuStorage to) : IRangeBody
    {
        public void Run(int start, int n) => from.Span(start, n).CopyTo(to.Span(start, n));
    }

    private readonly struct FillBody(CpuStorage to, float value) : IRangeBody
    {
        public void Run(int start, int n) => to.Span(start, n).Fill(value);
    }

    private readonly struct AccumulateBody(CpuStorage from, CpuStorage to) : IRangeBody
    {
        public void Run(int start, int n) =>
            TensorPrimitives.Add(to.Span(start, n), from.Span(start, n), to.Span(start, n));
    }

    /// <summary>Native memory from <see cref="Start"/> on, 64-byte aligned, of <see cref="Size"/> bytes.</summary>
    internal readonly record struct Block(nint Start, long Size);

    private readonly struct DelegateBody(Action<int> body) : ILoopBody
    {
        public void Run(int i) => body(i);
    }

    private readonly struct DelegateRangeBody(Action<int, int> body) : IRangeBody
    {
        public void Run(int start, int length) => body(start, length);
    }

    private struct Ranges<TBody>(TBody body, int size, int total) : ILoopBody where TBody : struct, IRangeBody
    {
        public void Run(int i) => body.Run(i * size, Math.Min(size, total - i * size));
    }
}

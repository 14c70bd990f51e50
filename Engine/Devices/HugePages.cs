using System.Runtime.InteropServices;

namespace PyNetSharp;

/// <summary>Large blocks in pages of 2 MB where the system has them: fewer page faults, and hardly a miss of the TLB.</summary>
/// <remarks>
/// A large weight that is read across its rows meets a new page of 4 KB at every row, which costs more than the
/// arithmetic. Linux gives large pages to whoever asks; elsewhere, or where it refuses, nothing changes.
/// </remarks>
internal static unsafe partial class HugePages
{
    private const int HugePageSize = 2 << 20;
    private const int MadvHugepage = 14;      // MADV_HUGEPAGE

    /// <summary>So many bytes, aligned to a cache line at least, with arbitrary content.</summary>
    /// <exception cref="OutOfMemoryException">The system has no more.</exception>
    public static nint Allocate(long bytes)
    {
        if (bytes < 2 * HugePageSize || !OperatingSystem.IsLinux()) return (nint)NativeMemory.AlignedAlloc((nuint)bytes, 64);
        var block = (nint)NativeMemory.AlignedAlloc((nuint)bytes, HugePageSize);
        _ = MAdvise(block, (nuint)bytes, MadvHugepage);
        return block;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MAdvise(nint block, nuint bytes, int advice);
}

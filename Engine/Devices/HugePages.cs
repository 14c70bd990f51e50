using System.Runtime.InteropServices;

namespace PyNetSharp;

/// <summary>Allocates large blocks in pages of 2 MB where Linux has them: fewer page faults and TLB misses.</summary>
/// <remarks>
/// A large weight that is read across its rows touches another page of 4 KB at every row, and a miss of the TLB costs
/// more than the arithmetic. On Linux madvise requests huge pages; elsewhere, or if that fails, pages are ordinary.
/// </remarks>
internal static unsafe partial class HugePages
{
    private const int HugePageSize = 2 << 20;
    private const int MadvHugepage = 14;      // MADV_HUGEPAGE

    /// <summary>A block of native memory, aligned to 64 bytes at least, of arbitrary content.</summary>
    /// <exception cref="OutOfMemoryException">The system has no more.</exception>
    public static nint Allocate(long bytes)
    {
        if (bytes < 2 * HugePageSize || !OperatingSystem.IsLinux())
            return (nint)NativeMemory.AlignedAlloc((nuint)bytes, 64);
        var block = (nint)NativeMemory.AlignedAlloc((nuint)bytes, HugePageSize);
        _ = MAdvise(block, (nuint)bytes, MadvHugepage);
        return block;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MAdvise(nint block, nuint bytes, int advice);
}

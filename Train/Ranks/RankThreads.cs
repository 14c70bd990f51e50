using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>How the ranks of one machine share its cores.</summary>
internal static partial class RankThreads
{
    private const int MaskBytes = 128;          // cpu_set_t, of 1,024 cores
    private const int HostBytes = 32;           // a SHA-256
    private const int ProcessorsAt = HostBytes + MaskBytes, ProcessAt = ProcessorsAt + sizeof(int);
    private const int RecordBytes = ProcessAt + sizeof(int);

    /// <summary>The ranks' places, by one exchange.</summary>
    public static RankPlaces Find(IProcessGroup group)
    {
        var own = new byte[RecordBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(HostName()), own);
        if (!TryGetMask(own.AsSpan(HostBytes, MaskBytes))) own.AsSpan(HostBytes, MaskBytes).Clear();
        BinaryPrimitives.WriteInt32LittleEndian(own.AsSpan(ProcessorsAt), Environment.ProcessorCount);
        BinaryPrimitives.WriteInt32LittleEndian(own.AsSpan(ProcessAt), Environment.ProcessId);
        var all = new byte[RecordBytes * group.Size];
        group.AllGather(own, all);
        return Divide([.. all.Chunk(RecordBytes)], group.Rank, CountCores());
    }

    /// <summary>
    /// Each core that ranks of one machine may use counts as one part for each of them: so ranks that may use all cores
    /// share them, and ranks that were given cores of their own have those.
    /// </summary>
    private static RankPlaces Divide(byte[][] records, int rank, int cores)
    {
        var own = records[rank];
        byte[][] here = [.. records.Where(record => HostOf(record).SequenceEqual(HostOf(own)))];
        var hosts = records.Select(record => Convert.ToHexString(record, 0, HostBytes)).Distinct().Count();
        var processors = BinaryPrimitives.ReadInt32LittleEndian(own.AsSpan(ProcessorsAt));
        var share = 0.0;
        for (var core = 0; core < 8 * MaskBytes; core++)
            if (Has(own, core)) share += 1.0 / here.Count(record => Has(record, core));
        if (share == 0) share = (double)processors / here.Length;       // no masks here
        var used = Enumerable.Range(0, 8 * MaskBytes).Count(core => here.Any(record => Has(record, core)));
        return new(hosts, Math.Clamp((int)(share + 1e-9), 1, processors), Math.Max(0, cores - used))
        {
            Processes =
                [.. records.Select(record => BinaryPrimitives.ReadInt32LittleEndian(record.AsSpan(ProcessAt)))],
        };

        static ReadOnlySpan<byte> HostOf(byte[] record) => record.AsSpan(0, HostBytes);

        static bool Has(byte[] record, int core) => (record[HostBytes + core / 8] >> core % 8 & 1) != 0;
    }

    /// <summary>What two containers of one machine have in common, and two machines of one name do not.</summary>
    private static string HostName()
    {
        try
        {
            return File.ReadAllText("/proc/sys/kernel/random/boot_id");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Environment.MachineName;
        }
    }

    /// <summary>The cores that are online; 0 where that is not known.</summary>
    private static int CountCores()
    {
        try
        {
            return File.ReadAllText("/sys/devices/system/cpu/online").Split(',').Sum(CountRange);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or FormatException)
        {
            return 0;
        }

        static int CountRange(string range)
        {
            int[] ends = [.. range.Split('-').Select(end => int.Parse(end.Trim(), CultureInfo.InvariantCulture))];
            return ends[^1] - ends[0] + 1;
        }
    }

    private static unsafe bool TryGetMask(Span<byte> mask)
    {
        if (!OperatingSystem.IsLinux()) return false;
        fixed (byte* to = mask) return GetAffinity(0, mask.Length, to) == 0;
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static unsafe partial int GetAffinity(int thread, nint size, byte* mask);
}

/// <summary>Where the ranks run.</summary>
/// <param name="Hosts">The machines.</param>
/// <param name="Threads">This rank's share of its machine's cores.</param>
/// <param name="IdleCores">Cores of its machine that no rank may use, as where a launcher binds each to one.</param>
internal sealed record RankPlaces(int Hosts, int Threads, int IdleCores)
{
    /// <summary>The number of each rank's process on its machine.</summary>
    public required IReadOnlyList<int> Processes { get; init; }
}

using System.Runtime.InteropServices;
using PyNetSharp.Data;

namespace PyNetSharp.Training;

/// <summary>What the processes that train together must decide alike.</summary>
internal static class RankAgreement
{
    /// <summary>Whether a process says so.</summary>
    public static bool Any(IProcessGroup group, bool own)
    {
        var all = new byte[group.Size];
        group.AllGather([(byte)(own ? 1 : 0)], all);
        return all.Contains((byte)1);
    }

    /// <summary>Compares settings that all processes must have alike, as each has them from a command line.</summary>
    /// <param name="group">The processes.</param>
    /// <param name="settings">As many in each process, with names for the message.</param>
    /// <exception cref="InputException">A process has another value than rank 0: thrown in all of them.</exception>
    public static void Check(IProcessGroup group, IReadOnlyList<(string Name, long Value)> settings)
    {
        long[] own = [.. settings.Select(setting => setting.Value)];
        var all = new long[own.Length * group.Size];
        group.AllGather(MemoryMarshal.AsBytes(own.AsSpan()), MemoryMarshal.AsBytes(all.AsSpan()));
        for (var rank = 1; rank < group.Size; rank++)
            for (var i = 0; i < own.Length; i++)
                if (all[rank * own.Length + i] != all[i])
                    throw new InputException(FormattableString.Invariant(
                        $"The processes do not train alike: {settings[i].Name} is {all[i]} on rank 0, ") +
                        FormattableString.Invariant($"and {all[rank * own.Length + i]} on rank {rank}."));
    }

    /// <summary>A number that differs where the order of items does, as by another seed.</summary>
    public static long OrderOf(DataLoader train)
    {
        var hash = 14695981039346656037;            // FNV-1a
        foreach (var item in train.Items(epoch: 1, batch: 0)) hash = (hash ^ (uint)item) * 1099511628211;
        return (long)hash;
    }
}

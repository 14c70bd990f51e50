using System.Globalization;

namespace PyNetSharp;

/// <summary>
/// What is left of the memory limits of a container (Linux control groups): beyond them the system ends the process
/// without a message.
/// </summary>
/// <seealso href="https://docs.kernel.org/admin-guide/cgroup-v2.html#memory">Control groups, version 2</seealso>
internal sealed class ContainerMemory
{
    private const long Unlimited = 1L << 60;        // version 1 writes 2⁶³ less a page
    private const long Reserve = 32 << 20;          // for the runtime, while a tensor is allocated

    private readonly Group[] groups;

    private ContainerMemory(Group[] groups) => this.groups = groups;

    /// <summary>The limits of this process; null if there is none.</summary>
    public static ContainerMemory? Current { get; } =
        OperatingSystem.IsLinux() ? Find("/proc/self/cgroup", "/sys/fs/cgroup") : null;

    /// <summary>The bytes that may still be allocated; files that the system keeps in memory do not count.</summary>
    public long Available => Math.Max(0, groups.Min(group => group.Available ?? Unlimited) - Reserve);

    /// <summary>The limits of a process's groups, and of those around them; null if there is none.</summary>
    /// <param name="membership">The file that lists the process's groups.</param>
    /// <param name="root">The folder of all groups.</param>
    public static ContainerMemory? Find(string membership, string root)
    {
        try
        {
            Group[] limited = [.. File.ReadLines(membership).SelectMany(line => Groups(line, root))];
            return limited.Length > 0 ? new(limited) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <param name="line">Number, controllers, path: <c>4:memory:/docker/3f</c>, or <c>0::/</c> in version 2.</param>
    /// <param name="root">The folder of all groups.</param>
    private static IEnumerable<Group> Groups(string line, string root)
    {
        if (line.Split(':', 3) is not [_, var controllers, var path]) yield break;
        var isSecond = controllers.Length == 0;
        if (!isSecond && !controllers.Split(',').Contains("memory")) yield break;
        var top = isSecond ? root : Path.Combine(root, "memory");
        // In a container the path may be that outside of it, where the group itself is the top folder.
        for (var folder = Path.Join(top, path).TrimEnd('/');; folder = Path.GetDirectoryName(folder)!)
        {
            var group = new Group(folder, isSecond);
            if (group.Limit is < Unlimited) yield return group;
            if (folder.Length <= top.Length) yield break;
        }
    }

    private sealed record Group(string Folder, bool IsSecond)
    {
        public long? Limit => ReadNumber(IsSecond ? "memory.max" : "memory.limit_in_bytes");

        public long? Available =>
            Limit - ReadNumber(IsSecond ? "memory.current" : "memory.usage_in_bytes")
            + (ReadStatistic(IsSecond ? "inactive_file " : "total_inactive_file ") ?? 0);

        private long? ReadNumber(string name) => Lines(name) is [var line, ..] ? Number(line) : null;

        private long? ReadStatistic(string key) =>
            Array.Find(Lines("memory.stat"), line => line.StartsWith(key, StringComparison.Ordinal)) is { } line
                ? Number(line[key.Length..])
                : null;

        private static long? Number(string text) =>
            long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null;

        private string[] Lines(string name)
        {
            try
            {
                return File.ReadAllLines(Path.Combine(Folder, name));
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                return [];
            }
        }
    }
}

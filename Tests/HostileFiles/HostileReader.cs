using System.Diagnostics;

namespace PyNetSharp.Tests;

/// <summary>
/// Reads damaged files of one format, and fails if a reader throws what it does not document, takes much memory or
/// time, or writes outside of its folder.
/// </summary>
internal sealed class HostileReader : IDisposable
{
    // Files have 128 KB at most. An archive may hold more, on the disk.
    private const long MaxMemory = 512L << 20;
    private static readonly TimeSpan MaxTime = TimeSpan.FromMinutes(1);

    private readonly TemporaryFolder outer = new();
    private readonly HostileFormat format;
    private readonly string folder;
    private readonly string[] prepared;         // files of the format that are not damaged

    public HostileReader(HostileFormat format)
    {
        this.format = format;
        // So deep that a few steps up do not leave the part that is checked.
        folder = outer["a/b/c/d/e/f/inner"];
        Directory.CreateDirectory(folder);
        format.Prepare(folder);
        prepared = Directory.GetFileSystemEntries(folder);
    }

    /// <summary>The inputs that were refused, and those that were read.</summary>
    public (int Refused, int Read) Counts { get; private set; }

    /// <summary>The longest time of one input.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>The largest number of bytes that one input allocated.</summary>
    public long MostMemory { get; private set; }

    /// <summary>Reads a file of this content.</summary>
    /// <returns>Null, or what is wrong with the reader.</returns>
    public string? Run(byte[] content)
    {
        foreach (var old in Directory.GetFileSystemEntries(folder).Except(prepared))
            if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
            else File.Delete(old);
        File.WriteAllBytes(Path.Combine(folder, format.File), format.Wrap(content));

        string? problem = null;
        var thread = new Thread(() => problem = Read(), maxStackSize: 1 << 20) { IsBackground = true };
        var elapsed = Stopwatch.StartNew();
        thread.Start();
        if (!thread.Join(MaxTime)) return $"it takes more than {MaxTime}";
        if (elapsed.Elapsed > Longest) Longest = elapsed.Elapsed;
        return problem ?? FindOutside();
    }

    public void Dispose() => outer.Dispose();

    private string? Read()
    {
        var before = GC.GetAllocatedBytesForCurrentThread() + Device.Cpu.Memory.Allocated;
        try
        {
            format.Read(folder);
            Counts = Counts with { Read = Counts.Read + 1 };
        }
        catch (InputException fault)
        {
            Counts = Counts with { Refused = Counts.Refused + 1 };
            var message = fault.Message;
            if (message.Length > 20_000 || message.Contains('\n', StringComparison.Ordinal)
                || !message.Contains(Path.GetFileName(format.File), StringComparison.Ordinal))
                return $"the message is not one short line that names the file: {message}";
        }
        catch (Exception fault)
        {
            return fault.ToString();
        }

        var memory = GC.GetAllocatedBytesForCurrentThread() + Device.Cpu.Memory.Allocated - before;
        MostMemory = Math.Max(MostMemory, memory);
        return memory > MaxMemory ? $"it allocates {memory} bytes" : null;
    }

    private string? FindOutside()
    {
        var found = Directory.EnumerateFileSystemEntries(outer.Name, "*", SearchOption.AllDirectories)
            .FirstOrDefault(path =>
                !path.StartsWith(folder, StringComparison.Ordinal)
                && !folder.StartsWith(path, StringComparison.Ordinal));
        return found is null ? null : $"it has written {found}";
    }
}

using System.Text.RegularExpressions;

namespace PyNetSharp.Layers;

/// <summary>Writes files atomically: complete or not at all.</summary>
/// <remarks>
/// The content is written to a temporary file in the same folder, flushed to the disk and then renamed to the final
/// name, and the folder is flushed. A reader meanwhile, or after a crash, finds the old content or the new. Links are
/// followed; a device such as <c>/dev/stdout</c> is written to directly.
/// </remarks>
internal static partial class AtomicFile
{
    private const int BufferSize = 1 << 16;

    /// <summary>Writes a file, replacing an existing one.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="write">Writes the content. If it throws, the existing file is unchanged.</param>
    /// <exception cref="InputException">The file cannot be written there.</exception>
    public static void Write(string path, Action<Stream> write) =>
        Write(path, write, static (stream, write) => write(stream));

    /// <summary>Writes a file, replacing an existing one, from a state that may be a span.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="state">The argument of <paramref name="write"/>.</param>
    /// <param name="write">Writes the content. If it throws, the existing file is unchanged.</param>
    /// <exception cref="InputException">The file cannot be written there.</exception>
    public static void Write<TState>(string path, TState state, Action<Stream, TState> write)
        where TState : allows ref struct
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);

        var target = ResolveLink(GetFullPath(path));
        if (IsDevice(target))
        {
            WriteToDevice(path, target, state, write);
            return;
        }

        var folder = Path.GetDirectoryName(target);
        if (folder is null || Directory.Exists(target))
            throw new InputException($"'{path}' cannot be written: it is a folder; expected the name of a file.");
        if (!Directory.Exists(folder))
            throw new InputException($"'{path}' cannot be written: its folder '{folder}' does not exist.");

        var temporary = Path.Combine(folder, $".{Path.GetRandomFileName()}.tmp");
        try
        {
            using (var file = new ObservedFile(temporary, FileMode.CreateNew))
            {
                // Not disposed: what is in the buffer after a fault need not be written.
                var stream = new BufferedStream(file, BufferSize);
                write(stream, state);
                stream.Flush();
                file.Flush(flushToDisk: true);
            }

            FileOperations.Rename(temporary, target);
        }
        catch (Exception fault) when (fault is not ProcessKilledException)
        {
            TryDelete(temporary);
            if (FileErrors.IsWriteError(fault))
                throw new InputException($"'{path}' cannot be written: {FileErrors.Describe(fault)}", fault);
            throw;
        }
    }

    /// <summary>The target of a link, so that the link is kept; the path itself if it is none.</summary>
    private static string ResolveLink(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (IOException)                     // no such file yet, or a cycle of links: writing reports it
        {
            return path;
        }
    }

    /// <summary>
    /// Whether the path is a device or a pipe, which must not be replaced by a file. Those under <c>/dev/shm</c> are
    /// ordinary files in memory.
    /// </summary>
    private static bool IsDevice(string path) =>
        OperatingSystem.IsLinux() && File.Exists(path)
        && (path.StartsWith("/dev/", StringComparison.Ordinal) || path.StartsWith("/proc/", StringComparison.Ordinal))
        && !path.StartsWith("/dev/shm/", StringComparison.Ordinal);

    private static void WriteToDevice<TState>(string path, string target, TState state, Action<Stream, TState> write)
        where TState : allows ref struct
    {
        try
        {
            using var stream = new FileStream(target, FileMode.Open, FileAccess.Write);
            write(stream, state);
        }
        catch (Exception fault) when (FileErrors.IsWriteError(fault))
        {
            throw new InputException($"'{path}' cannot be written: {FileErrors.Describe(fault)}", fault);
        }
    }

    private static string GetFullPath(string path)
    {
        try
        {
            return Path.GetFullPath(path);
        }
        catch (IOException fault)               // the working directory does not exist
        {
            throw new InputException($"'{path}' cannot be written: {fault.Message}", fault);
        }
    }

    /// <summary>
    /// Deletes the temporary files of killed processes from a folder to which no other process writes.
    /// </summary>
    internal static void DeleteTemporaryFiles(string folder)
    {
        foreach (var path in Directory.GetFiles(folder, ".*.tmp"))
            if (TemporaryName().IsMatch(Path.GetFileName(path)))
                TryDelete(path);
    }

    private static void TryDelete(string temporary)
    {
        try
        {
            FileOperations.Delete(temporary);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to report; the temporary file remains in a folder that became read-only.
        }
    }

    /// <summary>As <see cref="Path.GetRandomFileName"/> makes them.</summary>
    [GeneratedRegex(@"^\.[a-z0-9]{8}\.[a-z0-9]{3}\.tmp$")]
    private static partial Regex TemporaryName();
}

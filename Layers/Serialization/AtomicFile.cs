namespace PyNetSharp.Layers;

/// <summary>Writes files that are whole or not there: never half-written under their own name.</summary>
/// <remarks>
/// The content goes to a temporary file in the same folder, is flushed to the disk and then takes the final name in one
/// step. Whoever reads the name meanwhile, or after a crash, finds the old content or the new. A link is followed; what is a
/// device, such as <c>/dev/stdout</c>, is written to directly.
/// </remarks>
public static class AtomicFile
{
    /// <summary>Writes a file, replacing the one of that name.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="write">Writes the content. If it throws, everything stays as it was.</param>
    /// <exception cref="InputException">The file cannot be written there.</exception>
    public static void Write(string path, Action<Stream> write) =>
        Write(path, write, static (stream, write) => write(stream));

    /// <summary>Writes a file, replacing the one of that name, from a state that may be a span.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="state">What <paramref name="write"/> is given.</param>
    /// <param name="write">Writes the content. If it throws, everything stays as it was.</param>
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
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                write(stream, state);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, target, overwrite: true);
        }
        catch (Exception fault)
        {
            TryDelete(temporary);
            if (FileErrors.IsWriteError(fault))
                throw new InputException($"'{path}' cannot be written: {FileErrors.Describe(fault)}", fault);
            throw;
        }
    }

    /// <summary>Where a link leads, so that it stays one; the path itself if it is none.</summary>
    private static string ResolveLink(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (IOException)                     // no such file yet, or links in a circle: writing will say so
        {
            return path;
        }
    }

    /// <summary>Whether the name is no file's but a device's or a pipe's, which must not be replaced by a file.</summary>
    private static bool IsDevice(string path) =>
        OperatingSystem.IsLinux() && File.Exists(path)
        && (path.StartsWith("/dev/", StringComparison.Ordinal) || path.StartsWith("/proc/", StringComparison.Ordinal));

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
        catch (IOException fault)               // the working folder is gone
        {
            throw new InputException($"'{path}' cannot be written: {fault.Message}", fault);
        }
    }

    /// <summary>Removes what a process that was killed while it wrote has left in a folder, where nobody writes now.</summary>
    internal static void DeleteTemporaryFiles(string folder)
    {
        foreach (var temporary in Directory.GetFiles(folder, ".*.tmp")) TryDelete(temporary);
    }

    private static void TryDelete(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The fault that led here is the one worth reporting; a folder that went read-only keeps its litter.
        }
    }
}

using System.Globalization;
using System.Text;
using PyNetSharp.Layers;

namespace PyNetSharp.Train;

/// <summary>
/// Keeps other processes out of a run's folder until disposal. The system frees the lock when the process ends, however
/// it ends.
/// </summary>
/// <remarks>
/// The file is locked, not its existence: <c>.lock</c> may be left by a process that was killed. Its text says who has
/// the lock. Whoever has it deletes the file at the end; another that had opened it before notices that the file is no
/// longer in the folder, and tries again.
/// </remarks>
internal sealed class RunLock : IDisposable
{
    public const string FileName = ".lock";

    private const int LinuxWouldBlock = 11, BsdWouldBlock = 35, WindowsSharingViolation = unchecked((int)0x80070020);
    private const int Attempts = 20;
    private const int MaxCommandLength = 1000;          // the text is read back in one piece

    private readonly string path, text;
    private readonly FileStream stream;

    private RunLock(string path, string text, FileStream stream) =>
        (this.path, this.text, this.stream) = (path, text, stream);

    /// <summary>Whether the folder has the locked file: it may have been removed, and made anew by another.</summary>
    public bool IsInPlace => IsTextOf(path, text);

    /// <summary>Locks a folder.</summary>
    /// <exception cref="InputException">Another process has the lock: the message says which.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written.</exception>
    public static RunLock Take(string folder)
    {
        var path = Path.Combine(folder, FileName);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (TryTake(path) is { } taken) return taken;
                if (attempt > Attempts) throw new IOException($"'{path}' cannot be locked.");
            }
            catch (IOException fault) when (
                fault.HResult is LinuxWouldBlock or BsdWouldBlock or WindowsSharingViolation)
            {
                // Who has just taken it has not written its name yet.
                var holder = FileOperations.ReadLocked(path);
                if (attempt < Attempts && holder.Length == 0) Thread.Sleep(10);
                else
                    throw new InputException(
                        $"The run in '{folder}' is in use by another process{(holder.Length == 0 ? "" : ": ")}{holder}",
                        fault);
            }
        }
    }

    public void Dispose()
    {
        try
        {
            if (!OperatingSystem.IsWindows() && IsInPlace) FileOperations.Delete(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The next process locks the file that is there.
        }
        finally
        {
            stream.Dispose();
        }
    }

    /// <returns>Null if the file was deleted by the one that had it before.</returns>
    private static RunLock? TryTake(string path)
    {
        // On Windows others may read who has the lock; elsewhere only FileShare.None excludes them.
        var (share, options) = OperatingSystem.IsWindows()
            ? (FileShare.Read, FileOptions.DeleteOnClose)
            : (FileShare.None, FileOptions.None);
        var stream = new ObservedFile(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, share, options);
        try
        {
            var text = Write(stream);
            if (IsTextOf(path, text)) return new(path, text, stream);
            stream.Dispose();
            return null;
        }
        catch (Exception)
        {
            stream.Dispose();
            throw;
        }
    }

    /// <returns>The text of the file; none where the disk is full.</returns>
    private static string Write(ObservedFile stream)
    {
        var text = Describe();
        try
        {
            stream.SetLength(0);
            stream.Write(Encoding.UTF8.GetBytes(text));
            return text;
        }
        catch (Exception fault) when (FileErrors.IsWriteError(fault))
        {
            return "";
        }
    }

    private static bool IsTextOf(string path, string text) =>
        OperatingSystem.IsWindows() || (text.Length > 0 ? FileOperations.ReadLocked(path) == text : File.Exists(path));

    private static string Describe()
    {
        var command = ErrorText.Cut(string.Join(' ', Environment.GetCommandLineArgs().Skip(1)), MaxCommandLength);
        var now = DateTimeOffset.Now.ToString("yyyy-MM-ddTHH:mm:ss.fffzzz", CultureInfo.InvariantCulture);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"process {Environment.ProcessId} on {Environment.MachineName} since {now}, pynet {command}");
    }
}

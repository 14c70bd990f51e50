using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace PyNetSharp.Layers;

/// <summary>An operation that changes a file or a folder.</summary>
internal enum FileOperation
{
    /// <summary>A file is created, or opened for writing.</summary>
    Open,

    /// <summary>Bytes are written to a file.</summary>
    Write,

    /// <summary>A file is flushed to the disk.</summary>
    Flush,

    /// <summary>A file gets its final name.</summary>
    Rename,

    /// <summary>A file or an empty folder is deleted.</summary>
    Delete,

    /// <summary>The length of a file is set.</summary>
    Resize,

    /// <summary>A folder is created, unless it exists.</summary>
    CreateFolder,
}

/// <summary>Operations on files, before each of which a test can inject a fault.</summary>
internal static partial class FileOperations
{
    private const int Invalid = 22;                         // EINVAL, of pipes and the like
    private static readonly int NotSupported = OperatingSystem.IsMacOS() ? 45 : 95;

    private static readonly AsyncLocal<Action<FileOperation>?> Injected = new();

    /// <summary>
    /// Called before each operation of this thread and of the tasks that it starts; null for none. What it throws
    /// happens in place of the operation.
    /// </summary>
    public static Action<FileOperation>? Injection
    {
        get => Injected.Value;
        set => Injected.Value = value;
    }

    /// <summary>To be called before an operation.</summary>
    public static void Begin(FileOperation operation) => Injected.Value?.Invoke(operation);

    /// <summary>Gives a file its final name, replacing the file that has it, and flushes the folder.</summary>
    public static void Rename(string path, string target)
    {
        Begin(FileOperation.Rename);
        File.Move(path, target, overwrite: true);
        FlushFolder(Path.GetDirectoryName(target)!);
    }

    /// <summary>Deletes a file if it exists.</summary>
    public static void Delete(string path)
    {
        Begin(FileOperation.Delete);
        File.Delete(path);
    }

    /// <summary>Deletes a folder if it is empty.</summary>
    public static void DeleteEmptyFolder(string path)
    {
        Begin(FileOperation.Delete);
        Directory.Delete(path);
    }

    /// <summary>Creates a folder, and those above it, if it does not exist.</summary>
    public static void CreateFolder(string path)
    {
        Begin(FileOperation.CreateFolder);
        Directory.CreateDirectory(path);
    }

    /// <summary>
    /// The beginning of a text file that another may have locked; empty if it cannot be read. The base library would
    /// ask for a shared lock of its own.
    /// </summary>
    public static string ReadLocked(string path)
    {
        if (OperatingSystem.IsWindows()) return ReadShared(path);
        var descriptor = OpenPath(path, 0);
        if (descriptor < 0) return "";
        var bytes = new byte[4096];
        var length = Read(descriptor, bytes, (nuint)bytes.Length);
        _ = Close(descriptor);
        return Encoding.UTF8.GetString(bytes.AsSpan(0, (int)Math.Max(0, length)));
    }

    private static string ReadShared(string path)
    {
        try
        {
            using var file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(file);
            return reader.ReadToEnd();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>
    /// Flushes a folder's names to the disk: without it a file that was renamed may have its old name, or none, after a
    /// power failure. Windows does so itself. Errors are ignored: some file systems cannot flush a folder.
    /// </summary>
    private static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        var descriptor = OpenPath(folder, 0);          // 0 is O_RDONLY
        if (descriptor < 0) return;
        _ = Flush(descriptor);
        _ = Close(descriptor);
    }

    /// <summary>
    /// Flushes a file to the disk. .NET's own flush passes over errors, after which nothing may be there.
    /// </summary>
    /// <exception cref="IOException">It failed, except that this file system cannot flush.</exception>
    internal static void FlushToDisk(SafeFileHandle file)
    {
        if (OperatingSystem.IsWindows()) RandomAccess.FlushToDisk(file);
        else if (FlushFile(file) != 0 && Marshal.GetLastPInvokeError() is var error and not Invalid
            && error != NotSupported)
            throw new IOException($"The flush failed: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FlushFile(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenPath(string path, int flags);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int descriptor, byte[] buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}

/// <summary>A file that is written without a buffer, and whose operations can have injected faults.</summary>
internal sealed class ObservedFile : FileStream
{
    public ObservedFile(
        string path, FileMode mode, FileAccess access = FileAccess.Write, FileShare share = FileShare.Read,
        FileOptions options = FileOptions.None)
        : base(Observe(path), mode, access, share, 0, options)
    {
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        FileOperations.Begin(FileOperation.Write);
        // The base class would copy what a derived one is given.
        RandomAccess.Write(SafeFileHandle, buffer, Position);
        Position += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void SetLength(long value)
    {
        FileOperations.Begin(FileOperation.Resize);
        base.SetLength(value);
    }

    public override void Flush(bool flushToDisk)
    {
        base.Flush(flushToDisk: false);
        if (!flushToDisk) return;
        FileOperations.Begin(FileOperation.Flush);
        FileOperations.FlushToDisk(SafeFileHandle);
    }

    private static string Observe(string path)
    {
        FileOperations.Begin(FileOperation.Open);
        return path;
    }
}

/// <summary>Stands for the end of the process in a test: no cleanup follows.</summary>
internal sealed class ProcessKilledException : Exception;

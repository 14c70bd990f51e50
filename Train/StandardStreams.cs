using System.Runtime.InteropServices;
using System.Text;

namespace PyNetSharp.Train;

/// <summary>The process's output and error streams, also where the parent process has closed them.</summary>
internal static partial class StandardStreams
{
    private const int OutputNumber = 1, ErrorNumber = 2, GetDescriptorFlags = 1, CloseOnExec = 1, ReadWrite = 2;
    private const PosixSignal FileSizeExceeded = (PosixSignal)25;   // SIGXFSZ on Linux, macOS and BSD

    private static PosixSignalRegistration? sizeLimit;      // until the process ends

    /// <summary>
    /// Installs writers that never throw, and makes a write beyond the limit of file sizes fail instead of ending the
    /// process.
    /// </summary>
    /// <returns>The writer of the output, which records what could not be written.</returns>
    public static FailSafeWriter Open()
    {
        var (outputIsClosed, errorIsClosed) = (IsClosed(OutputNumber), IsClosed(ErrorNumber));
        ReserveStandardDescriptors();
        var output = new FailSafeWriter(outputIsClosed ? null : Console.Out);
        Console.SetOut(output);
        Console.SetError(new FailSafeWriter(errorIsClosed ? null : Console.Error));
        if (!OperatingSystem.IsWindows())
            sizeLimit ??= PosixSignalRegistration.Create(FileSizeExceeded, signal => signal.Cancel = true);
        return output;
    }

    /// <summary>Writes to the error stream by the system alone: the runtime's writers need files and threads.</summary>
    public static void WriteErrorUnbuffered(string text)
    {
        if (OperatingSystem.IsWindows())
        {
            Console.Error.Write(text);
            return;
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        _ = Write(ErrorNumber, bytes, bytes.Length);
    }

    /// <summary>
    /// Whether the process began without this stream. Its descriptor is then free, or belongs to a file that the
    /// runtime has opened since; such files close on exec, inherited ones do not.
    /// </summary>
    private static bool IsClosed(int number) =>
        !OperatingSystem.IsWindows() && FileControl(number, GetDescriptorFlags) is < 0 or CloseOnExec;

    /// <summary>Otherwise the next file to be opened, as for weights, would become the output.</summary>
    private static void ReserveStandardDescriptors()
    {
        if (OperatingSystem.IsWindows()) return;
        for (var number = 0; number <= ErrorNumber; number++)
            if (FileControl(number, GetDescriptorFlags) < 0)
                _ = Open("/dev/null", ReadWrite);       // gets the lowest number that is free
    }

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int file, ReadOnlySpan<byte> bytes, nint count);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int FileControl(int number, int command);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}

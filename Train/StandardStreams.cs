using System.Runtime.InteropServices;

namespace PyNetSharp.Train;

/// <summary>The process's output and error streams, also where whatever started the process has closed them.</summary>
internal static partial class StandardStreams
{
    private const int OutputNumber = 1, ErrorNumber = 2, GetDescriptorFlags = 1, CloseOnExec = 1, ReadWrite = 2;
    private const PosixSignal FileSizeExceeded = (PosixSignal)25;   // SIGXFSZ on Linux, macOS and BSD

    private static PosixSignalRegistration? sizeLimit;      // until the process ends

    /// <summary>
    /// Puts writers in place that never throw, and lets a write beyond the limit of file sizes fail rather than end the
    /// process.
    /// </summary>
    /// <returns>The writer of the output, which notes what could not be written.</returns>
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

    /// <summary>
    /// Whether the process began without this stream. Its number is then free, or something that the runtime opened
    /// since has it; such files close on exec, which what a process inherits does not.
    /// </summary>
    private static bool IsClosed(int number) =>
        !OperatingSystem.IsWindows() && FileControl(number, GetDescriptorFlags) is < 0 or CloseOnExec;

    /// <summary>Else the next file to be opened, such as one of weights, would be the output.</summary>
    private static void ReserveStandardDescriptors()
    {
        if (OperatingSystem.IsWindows()) return;
        for (var number = 0; number <= ErrorNumber; number++)
            if (FileControl(number, GetDescriptorFlags) < 0)
                _ = Open("/dev/null", ReadWrite);       // gets the lowest number that is free
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int FileControl(int number, int command);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}

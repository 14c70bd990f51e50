using System.Globalization;
using System.Runtime.InteropServices;

namespace PyNetSharp.Train;

/// <summary>The system's limits on a process, beneath which the runtime ends it without a message.</summary>
internal static partial class ProcessLimits
{
    /// <summary>The error where a thread could not be started.</summary>
    public const string TooFewThreads =
        "the system allows this process no more threads; a higher limit ('ulimit -u', or that of the container's " +
        "processes) or fewer --threads are needed.";

    private const int OpenFilesOnLinux = 7, OpenFilesElsewhere = 8;     // RLIMIT_NOFILE
    private const ulong MinOpenFiles = 128;     // assemblies, data sets, the run's files, a GPU's driver
    private const int MinThreads = 8;           // of the runtime's own pool

    /// <summary>A limit under which nothing would work, as an error message; null if there is none.</summary>
    public static string? FindProblem()
    {
        if (OperatingSystem.IsWindows()) return null;
        var resource = OperatingSystem.IsLinux() ? OpenFilesOnLinux : OpenFilesElsewhere;
        if (GetLimit(resource, out var files) == 0 && files.Current < MinOpenFiles)
            return string.Create(
                CultureInfo.InvariantCulture,
                $"the limit of open files is {files.Current}; at least {MinOpenFiles} are needed ('ulimit -n').");
        return CanStartThreads() ? null : TooFewThreads;
    }

    /// <summary>Whether a thread could not be started, which the runtime reports as a lack of memory.</summary>
    public static bool IsOfThreads(Exception fault)
    {
        for (var cause = fault; cause is not null; cause = cause.InnerException)
            if (cause is ThreadStartException
                || (cause is OutOfMemoryException
                    && cause.StackTrace?.Contains("System.Threading.Thread.Start", StringComparison.Ordinal) == true))
                return true;
        return false;
    }

    private static bool CanStartThreads()
    {
        using var end = new ManualResetEventSlim();
        var started = new List<Thread>(MinThreads);
        try
        {
            for (var i = 0; i < MinThreads; i++)
            {
                var thread = new Thread(end.Wait) { IsBackground = true };
                thread.Start();
                started.Add(thread);
            }

            return true;
        }
        catch (Exception fault) when (IsOfThreads(fault))
        {
            return false;
        }
        finally
        {
            end.Set();
            foreach (var thread in started) thread.Join();
        }
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limit limit);

    private readonly record struct Limit(ulong Current, ulong Maximum);
}

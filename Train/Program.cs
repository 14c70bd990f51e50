using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>The console application <c>pynet</c>.</summary>
internal static class Program
{
    private const int InternalError = 1, BadInput = 2;
    private const string WorkingFolderMissingText = " The working directory no longer exists.";
    private const StringSplitOptions Lines = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;

    private static int Main(string[] args)
    {
        if (ProcessLimits.FindProblem() is { } problem)
        {
            StandardStreams.WriteErrorUnbuffered($"pynet: {problem}\n");
            return InternalError;
        }

        var output = StandardStreams.Open();
        var exitCode = Run(args);
        return exitCode == 0 && output.Error is { } fault
            ? Fail(null, BadInput, $"the output could not be written: {fault}")
            : exitCode;
    }

    private static int Run(string[] args)
    {
        try
        {
            var commandLine = new CommandLine();
            return commandLine.Run(args);
        }
        catch (UnknownNameException fault)
        {
            return Fail(fault, BadInput, SpellingSuggestion.UnknownNameMessage(fault.Kind, fault.Name, fault.Known));
        }
        catch (DeadReluException fault)
        {
            return Fail(fault, BadInput, $"{fault.Message} The options are --lr, --init, --seed and --schedule.");
        }
        catch (InputException fault)
        {
            var why = fault.InnerException is IOException && IsWorkingFolderMissing() ? WorkingFolderMissingText : "";
            return Fail(fault, BadInput, fault.Message + why);
        }
        catch (IOException fault) when (IsWorkingFolderMissing())
        {
            return Fail(fault, BadInput, fault.Message + WorkingFolderMissingText);
        }
        catch (ShapeException fault)            // sizes come from the options
        {
            return Fail(fault, BadInput, fault.Message);
        }
        catch (Exception fault) when (ProcessLimits.IsOfThreads(fault))
        {
            return Fail(fault, InternalError, ProcessLimits.TooFewThreads);
        }
        catch (OutOfMemoryException fault)
        {
            return Fail(fault, BadInput, $"{fault.Message} A smaller --batch-size, --width or --resize needs less.");
        }
        catch (DeviceException fault)
        {
            return Fail(fault, InternalError, fault.Message);
        }
        catch (Exception fault) when (fault is not null)
        {
            var kind = fault.GetType().Name;
            return Fail(fault, InternalError, $"internal error: {kind}: {fault.Message} PYNET_DEBUG=1 shows where.");
        }
    }

    private static bool IsWorkingFolderMissing()
    {
        try
        {
            return !Directory.Exists(Environment.CurrentDirectory);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    /// <summary>Prints one line, whatever the message contains.</summary>
    private static int Fail(Exception? fault, int exitCode, string message)
    {
        ConsoleOutput.WriteError(string.Join(' ', message.Split(['\n', '\r'], Lines)));
        var isDebugging = Environment.GetEnvironmentVariable("PYNET_DEBUG") == "1";
        if (fault is not null && isDebugging) ConsoleOutput.WriteError(fault);
        return exitCode;
    }
}

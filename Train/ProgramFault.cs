using PyNetSharp.Distributed;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>How the program ends by an exception.</summary>
/// <param name="ExitCode">1 for a fault of the program or the machine, 2 for one of the input.</param>
/// <param name="Message">One line.</param>
internal readonly record struct ProgramFault(int ExitCode, string Message)
{
    public const int InternalError = 1, BadInput = 2;

    private const string WorkingFolderMissingText = " The working directory no longer exists.";
    private const StringSplitOptions Lines = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;

    public static ProgramFault Of(Exception fault)
    {
        var (code, message) = Describe(fault);
        return new(code, string.Join(' ', message.Split(['\n', '\r'], Lines)));
    }

    private static (int ExitCode, string Message) Describe(Exception fault) => fault switch
    {
        UnknownNameException name =>
            (BadInput, SpellingSuggestion.UnknownNameMessage(name.Kind, name.Name, name.Known)),
        DeadReluException => (BadInput, $"{fault.Message} {DeadOutputs.Options}"),
        InputException => (BadInput, fault.Message
            + (fault.InnerException is IOException && IsWorkingFolderMissing() ? WorkingFolderMissingText : "")),
        IOException when IsWorkingFolderMissing() => (BadInput, fault.Message + WorkingFolderMissingText),
        ShapeException => (BadInput, fault.Message),            // sizes come from the options
        _ when ProcessLimits.IsOfThreads(fault) => (InternalError, ProcessLimits.TooFewThreads),
        OutOfMemoryException =>
            (BadInput, $"{fault.Message} A smaller --batch-size, --width or --resize needs less."),
        DeviceException or MpiException => (InternalError, fault.Message),
        _ => (InternalError,
            $"internal error: {fault.GetType().Name}: {fault.Message} PYNET_DEBUG=1 shows where."),
    };

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
}

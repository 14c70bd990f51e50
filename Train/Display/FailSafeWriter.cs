using System.Text;

namespace PyNetSharp.Train;

/// <summary>Never throws, so that a run does not end because a terminal was closed or the log's disk is full.</summary>
/// <param name="target">The writer beneath; null if there is none.</param>
/// <remarks>A pipe whose reader has ended is no error: the reader had read enough.</remarks>
internal sealed class FailSafeWriter(TextWriter? target) : TextWriter
{
    /// <summary>The reason of the first failure; null if everything was written.</summary>
    public string? Error { get; private set; }

    public override Encoding Encoding => target?.Encoding ?? Encoding.UTF8;

    public override void Write(char value) => Write([value]);

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(ReadOnlySpan<char> buffer)
    {
        if (target is null) Error ??= "it is closed";
        try
        {
            target?.Write(buffer);
        }
        catch (Exception fault) when (IsFromTarget(fault))
        {
            Error ??= fault.Message;
        }
    }

    public override void Flush()
    {
        try
        {
            target?.Flush();
        }
        catch (Exception fault) when (IsFromTarget(fault))
        {
            Error ??= fault.Message;
        }
    }

    /// <summary>The base library reports the limit on file sizes as an argument out of range.</summary>
    private static bool IsFromTarget(Exception fault) =>
        fault is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException;
}

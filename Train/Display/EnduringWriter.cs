using System.Text;

namespace PyNetSharp;

/// <summary>Writes to a target that may go away: a run does not end because a terminal has closed or the log's disk is full.</summary>
internal sealed class EnduringWriter(TextWriter target) : TextWriter
{
    /// <summary>Why something could not be written; null if everything was.</summary>
    public IOException? Fault { get; private set; }

    public override Encoding Encoding => target.Encoding;

    public override void Write(char value) => Write([value]);

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(ReadOnlySpan<char> buffer)
    {
        try
        {
            target.Write(buffer);
        }
        catch (IOException fault)
        {
            Fault ??= fault;
        }
    }

    public override void Flush()
    {
        try
        {
            target.Flush();
        }
        catch (IOException fault)
        {
            Fault ??= fault;
        }
    }
}

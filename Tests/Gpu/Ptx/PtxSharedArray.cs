namespace PyNetSharp.Tests;

/// <summary>
/// An array in shared memory, which knows of each word who wrote and who read it since the last barrier, and so finds races
/// in whatever order the threads run.
/// </summary>
internal sealed class PtxSharedArray(string name, int length)
{
    private const int WordSize = 4, Nobody = -1, Several = -2;

    private readonly byte[] bytes = new byte[length];
    private readonly Word[] words = [.. Enumerable.Repeat(new Word(), (length + WordSize - 1) / WordSize)];

    public Span<byte> Read(PtxThread thread, ulong address, int length)
    {
        var range = Range(address, length);
        foreach (ref var word in Words(range))
        {
            if (word.IsAwaited) throw Fault(address, "is read before the copy to it has been waited for");
            if (word.Writer == Nobody) throw Fault(address, "is read, but has not been written");
            if (word.Written == thread.Group.Epoch && word.Writer != thread.Number)
                throw Fault(address, $"is read, and was written by thread {word.Writer}, with no barrier between");
            word.Reader = word.Reads != thread.Group.Epoch || word.Reader == thread.Number ? thread.Number : Several;
            word.Reads = thread.Group.Epoch;
        }

        return bytes.AsSpan(range);
    }

    public Span<byte> Write(PtxThread thread, ulong address, int length)
    {
        var range = Range(address, length);
        foreach (ref var word in Words(range))
        {
            CheckWrite(thread, address, word);
            (word.Writer, word.Written) = (thread.Number, thread.Group.Epoch);
        }

        return bytes.AsSpan(range);
    }

    /// <summary>From here on until <see cref="Land"/> nobody may touch these bytes.</summary>
    public void Await(PtxThread thread, ulong address, int length)
    {
        foreach (ref var word in Words(Range(address, length)))
        {
            CheckWrite(thread, address, word);
            word.IsAwaited = true;
        }
    }

    public void Land(PtxThread thread, ulong address, byte[] data)
    {
        var range = Range(address, data.Length);
        foreach (ref var word in Words(range))
            (word.IsAwaited, word.Writer, word.Written) = (false, thread.Number, thread.Group.Epoch);
        data.CopyTo(bytes.AsSpan(range));
    }

    private static PtxFault Fault(ulong address, string what) => new($"the word at {address:X} {what}");

    private static void CheckWrite(PtxThread thread, ulong address, Word word)
    {
        if (word.IsAwaited) throw Fault(address, "is written while a copy to it is on its way");
        if (word.Written == thread.Group.Epoch && word.Writer != thread.Number)
            throw Fault(address, $"is written, and was written by thread {word.Writer}, with no barrier between");
        if (word.Reads == thread.Group.Epoch && word.Reader != thread.Number)
        {
            var reader = word.Reader == Several ? "others" : $"thread {word.Reader}";
            throw Fault(address, $"is written, and was read by {reader}, with no barrier between");
        }
    }

    private Range Range(ulong address, int length)
    {
        var start = (int)(address & ((1 << PtxSymbols.ArrayBits) - 1));
        return start + length <= bytes.Length
            ? start..(start + length)
            : throw new PtxFault($"{length} bytes at {start} of {name}, which has {bytes.Length}");
    }

    private Span<Word> Words(Range range) =>
        words.AsSpan((range.Start.Value / WordSize)..((range.End.Value + WordSize - 1) / WordSize));

    /// <summary>The last that wrote and read a word, and after which barrier.</summary>
    private record struct Word()
    {
        public int Writer = Nobody, Written, Reader, Reads;
        public bool IsAwaited;
    }
}

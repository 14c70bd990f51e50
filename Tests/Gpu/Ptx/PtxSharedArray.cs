namespace PyNetSharp.Tests;

/// <summary>
/// An array in shared memory that records which threads wrote and read each word since the last barrier, and so finds
/// races in whatever order the threads run.
/// </summary>
internal sealed class PtxSharedArray(string name, int length)
{
    private const int WordSize = 4, NoThread = -1, SeveralThreads = -2;

    private readonly byte[] bytes = new byte[length];
    private readonly Word[] words = [.. Enumerable.Repeat(new Word(), (length + WordSize - 1) / WordSize)];

    public Span<byte> Read(PtxThread thread, ulong address, int length)
    {
        var range = Range(address, length);
        foreach (ref var word in Words(range))
        {
            if (word.HasPendingCopy) throw RaceError(address, "is read before the copy to it has been waited for");
            if (word.Writer == NoThread) throw RaceError(address, "is read, but has not been written");
            if (word.WritePhase == thread.Cta.BarrierPhase && word.Writer != thread.Number)
                throw RaceError(address, $"is read, and was written by thread {word.Writer}, with no barrier between");
            var isOnlyReader = word.ReadPhase != thread.Cta.BarrierPhase || word.Reader == thread.Number;
            word.Reader = isOnlyReader ? thread.Number : SeveralThreads;
            word.ReadPhase = thread.Cta.BarrierPhase;
        }

        return bytes.AsSpan(range);
    }

    public Span<byte> Write(PtxThread thread, ulong address, int length)
    {
        var range = Range(address, length);
        foreach (ref var word in Words(range))
        {
            CheckWrite(thread, address, word);
            (word.Writer, word.WritePhase) = (thread.Number, thread.Cta.BarrierPhase);
        }

        return bytes.AsSpan(range);
    }

    /// <summary>Until <see cref="CompleteAsyncWrite"/> no thread may access these bytes.</summary>
    public void BeginAsyncWrite(PtxThread thread, ulong address, int length)
    {
        foreach (ref var word in Words(Range(address, length)))
        {
            CheckWrite(thread, address, word);
            word.HasPendingCopy = true;
        }
    }

    public void CompleteAsyncWrite(PtxThread thread, ulong address, byte[] data)
    {
        var range = Range(address, data.Length);
        foreach (ref var word in Words(range))
            (word.HasPendingCopy, word.Writer, word.WritePhase) = (false, thread.Number, thread.Cta.BarrierPhase);
        data.CopyTo(bytes.AsSpan(range));
    }

    private static PtxException RaceError(ulong address, string what) => new($"the word at {address:X} {what}");

    private static void CheckWrite(PtxThread thread, ulong address, Word word)
    {
        if (word.HasPendingCopy) throw RaceError(address, "is written while a copy to it is pending");
        if (word.WritePhase == thread.Cta.BarrierPhase && word.Writer != thread.Number)
            throw RaceError(address, $"is written, and was written by thread {word.Writer}, with no barrier between");
        if (word.ReadPhase == thread.Cta.BarrierPhase && word.Reader != thread.Number)
        {
            var reader = word.Reader == SeveralThreads ? "others" : $"thread {word.Reader}";
            throw RaceError(address, $"is written, and was read by {reader}, with no barrier between");
        }
    }

    private Range Range(ulong address, int length)
    {
        var start = (int)(address & ((1 << PtxSymbols.ArrayBits) - 1));
        return start + length <= bytes.Length
            ? start..(start + length)
            : throw new PtxException($"{length} bytes at {start} of {name}, which has {bytes.Length}");
    }

    private Span<Word> Words(Range range) =>
        words.AsSpan((range.Start.Value / WordSize)..((range.End.Value + WordSize - 1) / WordSize));

    /// <summary>The last threads that wrote and read a word, and the barrier phases in which they did.</summary>
    private record struct Word()
    {
        public int Writer = NoThread, WritePhase, Reader, ReadPhase;
        public bool HasPendingCopy;
    }
}

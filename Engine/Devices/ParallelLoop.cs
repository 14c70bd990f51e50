using System.Runtime.ExceptionServices;

namespace PyNetSharp;

/// <summary>The current loop of a <see cref="ThreadTeam"/>, opened and closed by the calling thread.</summary>
/// <remarks>
/// One object serves all loops, so that a training step of some hundred loops allocates none. A worker that is late
/// for a loop may find the next one open and joins that: a thread that gets an item sees everything that was
/// written before the loop was opened, and the calling thread waits for all participants.
/// </remarks>
internal sealed unsafe class ParallelLoop
{
    private const long Closed = long.MaxValue / 2;  // larger than any count, even after further increments
    private const int TargetChunks = 128;           // of items, handed out one at a time

    private readonly SemaphoreSlim done = new(0);
    private delegate*<nint, int, int, void> run;    // (body, first, end)
    private nint body;                              // on the calling thread's stack
    private int count;
    private int chunkSize;                          // items per chunk: each Interlocked.Add costs contention
    private long next = Closed;                     // the next item; 64 bits, because it grows beyond the count
    private int participants;
    private volatile bool ownerWaits;
    private ExceptionDispatchInfo? exception;

    public void Open(int count, delegate*<nint, int, int, void> run, nint body)
    {
        this.run = run;
        (this.count, this.body) = (count, body);
        (ownerWaits, exception) = (false, null);
        chunkSize = Math.Max(1, count / TargetChunks);
        Volatile.Write(ref next, 0);
    }

    /// <summary>Adds the calling thread to the participants, unless all items have been handed out.</summary>
    public bool TryJoin()
    {
        Interlocked.Increment(ref participants);
        if (Volatile.Read(ref next) < count) return true;
        Leave();
        return false;
    }

    public void Leave()
    {
        if (Interlocked.Decrement(ref participants) == 0 && ownerWaits) done.Release();
    }

    /// <summary>Runs the next items; false if there are none.</summary>
    public bool RunChunk()
    {
        var (take, end) = (chunkSize, count);
        var first = Interlocked.Add(ref next, take) - take;
        if (first >= end) return false;
        try
        {
            run(body, (int)first, (int)Math.Min(end, first + take));
            return true;
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref exception, ExceptionDispatchInfo.Capture(e), null);
            Volatile.Write(ref next, Closed);       // no more items
            return false;
        }
    }

    /// <summary>Whether no worker is in the loop, so that the calling thread may close it.</summary>
    public bool IsLeft => Volatile.Read(ref participants) == 0;

    /// <summary>Sleeps until the last worker leaves, or for some milliseconds; whether it has left.</summary>
    public bool WaitUntilLeft(int milliseconds)
    {
        ownerWaits = true;
        Interlocked.MemoryBarrier();                // the last participant sees this, or has left
        while (!IsLeft)
            if (!done.Wait(milliseconds))
                return IsLeft;
        return true;
    }

    /// <summary>To be called when all workers have left: throws the first exception of a participant.</summary>
    public void Close()
    {
        Interlocked.Exchange(ref next, Closed);     // before anything of the next loop is written
        exception?.Throw();
    }
}

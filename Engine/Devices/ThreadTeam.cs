using System.Runtime.ExceptionServices;

namespace PyNetSharp;

/// <summary>Threads that share the items of one loop; the caller is one of them.</summary>
/// <remarks>
/// Whoever waits looks for some ten microseconds, which spans the gap between two loops of a training step, and then sleeps:
/// on a machine that others use too, a thread that spins takes the time of the one it waits for. After a few idle seconds
/// the workers end, so that a forgotten device leaves no threads behind. A loop that meets a busy team (a second
/// caller, or a loop inside a loop) runs on its own thread, so nothing can wait for itself.
/// </remarks>
internal sealed class ThreadTeam(int threads)
{
    private const int SpinCount = 300;
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(5);

    private readonly Lock busy = new();
    private readonly SemaphoreSlim wake = new(0);
    private readonly Loop loop = new();
    private int workerCount, sleepingCount;
    private volatile int loopNumber;       // the number of the latest loop

    public void Run(int count, Action<int> body)
    {
        if (TryEnter(count)) RunOnTeam(count, 0, count, body);
        else
            for (var i = 0; i < count; i++) body(i);
    }

    /// <summary>Calls (start, length) for each piece of 0 … <paramref name="total"/> − 1.</summary>
    public void RunRanges(int total, int size, Action<int, int> body)
    {
        var count = (int)(((long)total + size - 1) / size);
        if (TryEnter(count)) RunOnTeam(count, size, total, body);
        else
            for (var i = 0; i < count; i++) body(i * size, Math.Min(size, total - i * size));
    }

    private bool TryEnter(int count) => threads > 1 && count > 1 && !busy.IsHeldByCurrentThread && busy.TryEnter();

    private void RunOnTeam(int count, int size, int total, Delegate body)
    {
        try
        {
            for (; Volatile.Read(ref workerCount) < threads - 1; Interlocked.Increment(ref workerCount))
                new Thread(RunWorker) { IsBackground = true, Name = "PyNetSharp" }.Start();

            loop.Open(count, size, total, body);
            loopNumber++;
            Interlocked.MemoryBarrier();        // a worker that is about to sleep either sees the loop or is counted here
            var asleep = Volatile.Read(ref sleepingCount);
            if (asleep > 0) wake.Release(asleep);

            loop.Work();
            loop.Close();
        }
        finally
        {
            busy.Exit();
        }
    }

    private void RunWorker()
    {
        var last = 0;
        while (WaitForLoop(ref last))
        {
            if (!loop.TryJoin()) continue;
            loop.Work();
            loop.Leave();
        }

        Interlocked.Decrement(ref workerCount);
    }

    /// <summary>Returns when there is a loop after number <paramref name="last"/>; false after a long time without one.</summary>
    private bool WaitForLoop(ref int last)
    {
        while (true)
        {
            for (var spin = 0; spin < SpinCount; spin++)
            {
                if (loopNumber is var latest && latest != last)
                {
                    last = latest;
                    return true;
                }

                Thread.SpinWait(8);
            }

            Interlocked.Increment(ref sleepingCount);
            var woken = loopNumber != last || wake.Wait(IdleTimeout);
            Interlocked.Decrement(ref sleepingCount);
            if (!woken) return false;
        }
    }

    /// <summary>The items of one loop after the other. It is opened and closed by the team's owner of the moment.</summary>
    /// <remarks>
    /// One object serves all loops, so that a step of some hundred allocates none. A worker that comes late, to a loop
    /// that is over, may find the next one open and helps there: whoever got an item sees everything that was written
    /// before the loop was opened, and whoever is counted inside is waited for.
    /// </remarks>
    private sealed class Loop
    {
        private const long Closed = long.MaxValue / 2;  // beyond any count, however many ask for more
        private const int TargetChunks = 128;                  // in so many goes the items are handed out, if there are as many

        private readonly SemaphoreSlim done = new(0);
        private Delegate? body;
        private int count, size, total;                 // size 0: single items
        private int chunkSize;                               // items at a time: threads that take by turns wait for one another
        private long next = Closed;                     // past any int: it grows as long as threads ask
        private int participants;
        private volatile bool ownerWaits;
        private ExceptionDispatchInfo? exception;

        public void Open(int count, int size, int total, Delegate body)
        {
            (this.count, this.size, this.total, this.body, ownerWaits, exception) = (count, size, total, body, false, null);
            chunkSize = Math.Max(1, count / TargetChunks);
            Volatile.Write(ref next, 0);
        }

        /// <summary>Counts the caller in, unless all items have been handed out: then the loop may be over.</summary>
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

        public void Work()
        {
            try
            {
                var take = this.chunkSize;                   // once: who joins while the next loop opens must take what it counts
                for (long first; (first = Interlocked.Add(ref next, take) - take) < count;)
                    for (var (i, end) = ((int)first, (int)Math.Min(count, first + take)); i < end; i++)
                        if (body is Action<int, int> pieces) pieces(i * size, Math.Min(size, total - i * size));
                        else ((Action<int>)body!)(i);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref exception, ExceptionDispatchInfo.Capture(e), null);
                Volatile.Write(ref next, Closed);       // hands out nothing more
            }
        }

        /// <summary>Returns when no thread is inside, and throws the first error that one met.</summary>
        public void Close()
        {
            for (var spin = 0; spin < SpinCount && Volatile.Read(ref participants) != 0; spin++) Thread.SpinWait(8);
            ownerWaits = true;
            Interlocked.MemoryBarrier();                // the last to leave either sees this or is seen to have left
            while (Volatile.Read(ref participants) != 0) done.Wait();
            Interlocked.Exchange(ref next, Closed);     // before anything of the next loop is written
            body = null;                                // the tensors that it refers to may go
            exception?.Throw();
        }
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace PyNetSharp;

/// <summary>A thread pool for data-parallel loops; the calling thread takes part.</summary>
/// <remarks>
/// A waiting worker spins for some ten microseconds, which spans the gap between two loops of a training step, and then
/// sleeps: if other processes use the cores, a spinning thread takes time from the one that it waits for. After five
/// idle seconds the workers end, so that a device that is not used has no threads. If the team is busy (a second
/// caller, or a loop within a loop), the calling thread runs the loop alone, so there is no deadlock.
/// </remarks>
/// <param name="threads">The threads, with the calling one.</param>
/// <param name="start">Starts a worker; null for <see cref="Thread.Start()"/>.</param>
internal sealed unsafe class ThreadTeam(int threads, Action<Thread>? start = null)
{
    private const int SpinCount = 300;
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(5);

    private readonly Lock busy = new();
    private readonly SemaphoreSlim wake = new(0);
    private readonly Loop loop = new();
    private int workerCount, sleepingCount;
    private bool wasComplete;
    private volatile int loopNumber;       // counts the loops

    /// <summary>Calls the body for 0 … <paramref name="count"/> − 1, on this thread and the workers.</summary>
    public void Run<TBody>(int count, in TBody body) where TBody : struct, ILoopBody
    {
        var local = body;       // on this thread's stack, where it stays until all have left the loop
        if (TryEnter(count)) RunOnTeam(count, &RunItems<TBody>, (nint)Unsafe.AsPointer(ref local));
        else RunItems<TBody>((nint)Unsafe.AsPointer(ref local), 0, count);
    }

    private static void RunItems<TBody>(nint body, int first, int end) where TBody : struct, ILoopBody
    {
        ref var local = ref Unsafe.AsRef<TBody>((void*)body);
        for (var i = first; i < end; i++) local.Run(i);
    }

    private bool TryEnter(int count) => threads > 1 && count > 1 && !busy.IsHeldByCurrentThread && busy.TryEnter();

    private void RunOnTeam(int count, delegate*<nint, int, int, void> run, nint body)
    {
        try
        {
            StartWorkers();
            loop.Open(count, run, body);
            loopNumber++;
            Interlocked.MemoryBarrier();        // a worker that goes to sleep either sees the loop or is counted below
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

    /// <exception cref="DeviceException">
    /// The system refuses threads from the beginning. Later it does not matter: fewer threads give the same results.
    /// </exception>
    private void StartWorkers()
    {
        for (; Volatile.Read(ref workerCount) < threads - 1; Interlocked.Increment(ref workerCount))
        {
            var thread = new Thread(RunWorker) { IsBackground = true, Name = "PyNetSharp" };
            try
            {
                if (start is null) thread.Start();
                else start(thread);
            }
            catch (Exception fault) when (fault is OutOfMemoryException or ThreadStartException)
            {
                if (wasComplete) return;
                throw new DeviceException(
                    $"cpu: the system allowed {workerCount + 1} of {threads} threads. Fewer threads are needed, or a " +
                    "higher limit ('ulimit -u', or that of the container's processes).", fault);
            }
        }

        wasComplete = true;
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

    /// <summary>
    /// Waits for a loop after number <paramref name="last"/>; false if there is none within <see cref="IdleTimeout"/>.
    /// </summary>
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

    /// <summary>The shared state of the current loop, opened and closed by the calling thread.</summary>
    /// <remarks>
    /// One object serves all loops, so that a training step of some hundred loops allocates none. A worker that is late
    /// for a loop may find the next one open and joins that: a thread that gets an item sees everything that was
    /// written before the loop was opened, and the calling thread waits for all participants.
    /// </remarks>
    private sealed class Loop
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

        public void Work()
        {
            try
            {
                var take = chunkSize;       // read once: it changes if the next loop is opened meanwhile
                while (true)
                {
                    var first = Interlocked.Add(ref next, take) - take;
                    if (first >= count) return;
                    run(body, (int)first, (int)Math.Min(count, first + take));
                }
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref exception, ExceptionDispatchInfo.Capture(e), null);
                Volatile.Write(ref next, Closed);       // no more items
            }
        }

        /// <summary>Waits for all participants, and throws the first exception of one.</summary>
        public void Close()
        {
            for (var spin = 0; spin < SpinCount && Volatile.Read(ref participants) != 0; spin++) Thread.SpinWait(8);
            ownerWaits = true;
            Interlocked.MemoryBarrier();                // the last participant sees this, or has left
            while (Volatile.Read(ref participants) != 0) done.Wait();
            Interlocked.Exchange(ref next, Closed);     // before anything of the next loop is written
            exception?.Throw();
        }
    }
}

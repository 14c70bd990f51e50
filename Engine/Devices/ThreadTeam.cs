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
    private const int Spins = 300;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);

    private readonly Lock busy = new();
    private readonly SemaphoreSlim wake = new(0), done = new(0);
    private int alive, sleeping;
    private volatile Loop? current;

    public void Run(int count, Action<int> body)
    {
        if (threads == 1 || count <= 1 || busy.IsHeldByCurrentThread || !busy.TryEnter())
        {
            for (var i = 0; i < count; i++) body(i);
            return;
        }

        try
        {
            var loop = new Loop(count, body, done);
            Start(loop);
            loop.Work();
            loop.Wait();
        }
        finally
        {
            current = null;
            busy.Exit();
        }
    }

    private void Start(Loop loop)
    {
        for (; Volatile.Read(ref alive) < threads - 1; Interlocked.Increment(ref alive))
            new Thread(Serve) { IsBackground = true, Name = "PyNetSharp" }.Start();

        current = loop;
        Interlocked.MemoryBarrier();        // a worker that is about to sleep either sees the loop or is counted here
        var asleep = Volatile.Read(ref sleeping);
        if (asleep > 0) wake.Release(asleep);
    }

    private void Serve()
    {
        Loop? last = null;
        while (true)
        {
            if (Next(last) is not { } loop)
            {
                Interlocked.Decrement(ref alive);
                return;
            }

            if (loop.TryJoin())
            {
                loop.Work();
                loop.Leave();
            }

            last = loop;
        }
    }

    /// <summary>The next loop that is not <paramref name="last"/>, or null after a long time without one.</summary>
    private Loop? Next(Loop? last)
    {
        while (true)
        {
            for (var spin = 0; spin < Spins; spin++)
            {
                if (current is { } loop && loop != last) return loop;
                Thread.SpinWait(8);
            }

            Interlocked.Increment(ref sleeping);
            var found = current is { } late && late != last;
            var woken = found || wake.Wait(Idle);
            Interlocked.Decrement(ref sleeping);
            if (!woken) return null;
        }
    }

    private sealed class Loop(int count, Action<int> body, SemaphoreSlim done)
    {
        private Action<int>? body = body;
        private int next = -1, inside;
        private volatile bool asleep;
        private ExceptionDispatchInfo? fault;

        /// <summary>Counts the caller in, unless all items have been handed out: then the loop may be over.</summary>
        public bool TryJoin()
        {
            Interlocked.Increment(ref inside);
            if (Volatile.Read(ref next) < count - 1) return true;
            Leave();
            return false;
        }

        public void Leave()
        {
            if (Interlocked.Decrement(ref inside) == 0 && asleep) done.Release();
        }

        public void Work()
        {
            try
            {
                for (int i; (i = Interlocked.Increment(ref next)) < count;) body!(i);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref fault, ExceptionDispatchInfo.Capture(e), null);
                Volatile.Write(ref next, count);        // hands out nothing more
            }
        }

        /// <summary>Returns when no thread is inside, and throws the first error that one met.</summary>
        public void Wait()
        {
            for (var spin = 0; spin < Spins && Volatile.Read(ref inside) != 0; spin++) Thread.SpinWait(8);
            asleep = true;
            Interlocked.MemoryBarrier();                // the last to leave either sees this or is seen to have left
            while (Volatile.Read(ref inside) != 0) done.Wait();
            body = null;                                // a worker may remember this loop; let it not remember the tensors
            fault?.Throw();
        }
    }
}

using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PyNetSharp;

/// <summary>A thread pool for data-parallel loops; the calling thread takes part.</summary>
/// <remarks>
/// <para>
/// A waiting worker spins for some ten microseconds, which spans the gap between two loops of a training step, and then
/// sleeps: if other processes use the cores, a spinning thread takes time from the one that it waits for. After five
/// idle seconds the workers end, so that a device that is not used has no threads. If the team is busy (a second
/// caller, or a loop within a loop), the calling thread runs the loop alone, so there is no deadlock.
/// </para>
/// <para>
/// Beside another process's busy thread Linux leaves a team's threads on one core if the difference is one thread, and
/// a preempted worker keeps the others waiting for a time slice of some milliseconds. So a worker moves away from a
/// core that it shares with another thread of the loop, and the caller, when it has nothing left but to wait for a
/// worker that is not running, moves that to its own core (<see cref="ThreadPlacement"/>).
/// </para>
/// </remarks>
/// <param name="threads">The threads, with the calling one.</param>
/// <param name="start">Starts a worker; null for <see cref="Thread.Start()"/>.</param>
internal sealed unsafe class ThreadTeam(int threads, Action<Thread>? start = null)
{
    private const int Spins = 300;          // about 60 µs
    private const int PollingPeriod = 1;    // milliseconds

    /// <summary>At least so long a worker stays on a core: a move costs some ten microseconds.</summary>
    private static readonly long MinResidence = Stopwatch.Frequency / 1000;

    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(5);

    private readonly Lock busy = new();
    private readonly SemaphoreSlim wake = new(0);
    private readonly ParallelLoop loop = new();
    private readonly Member[] members = new Member[threads];        // the calling thread, and the workers
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
            members[0].Enter();
            loop.Open(count, run, body);
            loopNumber++;
            Interlocked.MemoryBarrier();        // a worker that goes to sleep either sees the loop or is counted below
            var asleep = Volatile.Read(ref sleepingCount);
            if (asleep > 0) wake.Release(asleep);

            Work(0);
            WaitForWorkers();
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
        var (last, member) = (0, TakeMember());
        while (WaitForLoop(ref last, member))
        {
            if (!loop.TryJoin()) continue;
            members[member].Enter();
            Work(member);
            members[member].Leave();
            loop.Leave();
        }

        Volatile.Write(ref members[member].Thread, 0);
        Interlocked.Decrement(ref workerCount);
    }

    /// <summary>The index of a member that no other worker is.</summary>
    private int TakeMember()
    {
        var thread = Environment.CurrentManagedThreadId;
        for (var i = 1; ; i = i + 1 < threads ? i + 1 : 1)
            if (Interlocked.CompareExchange(ref members[i].Thread, thread, 0) == 0)
            {
                members[i].SystemThread = ThreadPlacement.CurrentThread;
                return i;
            }
    }

    private void Work(int member)
    {
        while (true)
        {
            if (members[member].NoteCore() is var core and not ThreadPlacement.None && member > 0)
                LeaveSharedCore(member, core);
            if (!loop.RunChunk()) return;
        }
    }

    /// <summary>Moves a worker away from a core that the caller or a worker before it is using.</summary>
    private void LeaveSharedCore(int member, int core)
    {
        if (!IsUsedBefore(member, core) || !members[member].MayMove()) return;
        Span<int> used = stackalloc int[threads];
        for (var i = 0; i < threads; i++) used[i] = members[i].Core;
        ThreadPlacement.MoveAwayFrom(used);
    }

    private bool IsUsedBefore(int member, int core)
    {
        for (var i = 0; i < member; i++)
            if (members[i].Core == core)
                return true;
        return false;
    }

    /// <summary>Waits until all workers have left the loop; moves those that are not running to this core.</summary>
    private void WaitForWorkers()
    {
        if (SpinUntilLeft()) return;
        Span<long> times = stackalloc long[threads];
        NoteRunningTimes(times);
        if (SpinUntilLeft()) return;
        MoveStragglersHere(times);
        while (!loop.WaitUntilLeft(PollingPeriod)) MoveStragglersHere(times);

        bool SpinUntilLeft()
        {
            for (var spin = 0; spin < Spins / 2; spin++)
            {
                if (loop.IsLeft) return true;
                Thread.SpinWait(8);
            }

            return loop.IsLeft;
        }
    }

    private void NoteRunningTimes(Span<long> times)
    {
        for (var i = 1; i < threads; i++) times[i] = RunningTime(i);
    }

    /// <summary>Moves the workers of the loop that have not run since their times were noted, here.</summary>
    private void MoveStragglersHere(Span<long> times)
    {
        for (var i = 1; i < threads; i++)
        {
            var (before, now) = (times[i], RunningTime(i));
            times[i] = now;
            if (now >= 0 && now == before)
                ThreadPlacement.MoveTo(members[i].SystemThread, ThreadPlacement.CurrentCore);
        }
    }

    /// <summary>−1 for a worker that is not in the loop.</summary>
    private long RunningTime(int member) => members[member].Core == ThreadPlacement.None
        ? -1
        : ThreadPlacement.GetRunningTime(members[member].SystemThread);

    /// <summary>
    /// Waits for a loop after number <paramref name="last"/>; false if there is none within <see cref="IdleTimeout"/>.
    /// </summary>
    private bool WaitForLoop(ref int last, int member)
    {
        while (true)
        {
            for (var spin = 0; spin < Spins; spin++)
            {
                if (loopNumber is var latest && latest != last)
                {
                    last = latest;
                    return true;
                }

                if (spin % 8 == 0 && IsUsedBefore(member, ThreadPlacement.CurrentCore)) break;
                Thread.SpinWait(8);
            }

            Interlocked.Increment(ref sleepingCount);
            var woken = loopNumber != last || wake.Wait(IdleTimeout);
            Interlocked.Decrement(ref sleepingCount);
            if (!woken) return false;
        }
    }

    /// <summary>A thread of the team. On a cache line of its own, since it notes its core at every chunk.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct Member
    {
        [FieldOffset(64)] private int core;         // plus one: 0 if it is not in a loop
        [FieldOffset(72)] private long movedAt;

        /// <summary>The managed thread's number; 0 if no worker has this place.</summary>
        [FieldOffset(80)] public int Thread;

        /// <summary>The system's number of the thread.</summary>
        [FieldOffset(84)] public int SystemThread;

        /// <summary>Where it runs; <see cref="ThreadPlacement.None"/> if it is not in a loop.</summary>
        public readonly int Core => Volatile.Read(in core) - 1;

        public void Enter() => NoteCore();

        public void Leave() => Volatile.Write(ref core, 0);

        public int NoteCore()
        {
            var current = ThreadPlacement.CurrentCore;
            if (current != core - 1) Volatile.Write(ref core, current + 1);
            return current;
        }

        public bool MayMove()
        {
            var now = Stopwatch.GetTimestamp();
            if (now - movedAt < MinResidence) return false;
            movedAt = now;
            return true;
        }
    }
}

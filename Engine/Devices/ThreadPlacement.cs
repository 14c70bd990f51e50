using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PyNetSharp;

/// <summary>On which core a thread runs, whether it runs at all, and moves between cores. Linux only.</summary>
/// <remarks>
/// A move restricts the thread's affinity mask to the new core and restores the mask at once: the kernel is as free to
/// move the thread again as before. Where the calls are not available or not allowed, nothing moves.
/// </remarks>
internal static unsafe partial class ThreadPlacement
{
    /// <summary>Instead of a core's number.</summary>
    public const int None = -1;

    private const int PerThreadClock = 4, SchedulerClock = 2;       // bits of a clock's number in the kernel

    private static readonly bool IsSupported = Probe();

    /// <summary>The core on which the calling thread runs; <see cref="None"/> if that is not known.</summary>
    public static int CurrentCore => IsSupported ? SchedGetCpu() : None;

    /// <summary>The calling thread's number, for the other methods.</summary>
    public static int CurrentThread => IsSupported ? GetTid() : 0;

    /// <summary>
    /// The nanoseconds that a thread has run, which stand still while it waits for a core; −1 if that is not known.
    /// </summary>
    public static long GetRunningTime(int thread)
    {
        TimeSpec time;
        var clock = (~thread << 3) | PerThreadClock | SchedulerClock;
        return IsSupported && ClockGetTime(clock, &time) == 0 ? time.Seconds * 1_000_000_000 + time.Nanoseconds : -1;
    }

    /// <summary>Moves a thread to a core, if it may run there.</summary>
    public static void MoveTo(int thread, int core)
    {
        if (TryGetMask(thread, out var allowed) && allowed.Contains(core)) MoveTo(thread, CoreMask.Of(core), allowed);
    }

    /// <summary>Moves the calling thread to a core that it may use and that is none of these.</summary>
    public static void MoveAwayFrom(ReadOnlySpan<int> cores)
    {
        if (!TryGetMask(thread: 0, out var allowed)) return;
        var others = allowed;
        foreach (var core in cores) others.Remove(core);
        if (!others.IsEmpty) MoveTo(thread: 0, others, allowed);
    }

    private static void MoveTo(int thread, CoreMask target, CoreMask allowed)
    {
        _ = SchedSetAffinity(thread, sizeof(CoreMask), &target);
        _ = SchedSetAffinity(thread, sizeof(CoreMask), &allowed);
    }

    private static bool TryGetMask(int thread, out CoreMask mask)
    {
        mask = default;
        if (!IsSupported) return false;
        fixed (CoreMask* to = &mask) return SchedGetAffinity(thread, sizeof(CoreMask), to) == 0;
    }

    private static bool Probe()
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess) return false;
        try
        {
            CoreMask mask;
            return GetTid() > 0 && SchedGetCpu() >= 0 && SchedGetAffinity(0, sizeof(CoreMask), &mask) == 0;
        }
        catch (Exception fault) when (fault is EntryPointNotFoundException or DllNotFoundException)
        {
            return false;       // a C library without them
        }
    }

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int GetTid();

    [LibraryImport("libc", EntryPoint = "sched_getcpu")]
    [SuppressGCTransition]                                  // some nanoseconds
    private static partial int SchedGetCpu();

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int SchedGetAffinity(int thread, nint size, CoreMask* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SchedSetAffinity(int thread, nint size, CoreMask* mask);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, TimeSpec* time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds, Nanoseconds;
    }

    /// <summary>A set of cores: cpu_set_t, of 1,024 bits.</summary>
    [InlineArray(16)]
    private struct CoreMask
    {
        private ulong word;

        public static CoreMask Of(int core)
        {
            CoreMask mask = default;
            mask[core / 64] = 1UL << core % 64;
            return mask;
        }

        public readonly bool IsEmpty => !((ReadOnlySpan<ulong>)this).ContainsAnyExcept(0UL);

        public readonly bool Contains(int core) => (uint)core < 1024 && (this[core / 64] >> core % 64 & 1) != 0;

        public void Remove(int core)
        {
            if ((uint)core < 1024) this[core / 64] &= ~(1UL << core % 64);
        }
    }
}

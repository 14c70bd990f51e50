using System.Diagnostics;
using System.Globalization;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Moves of threads between cores, where the system has the calls.</summary>
public sealed class ThreadPlacementTests
{
    [SetUp]
    public void Require()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("Threads are moved on Linux only.");
        Assert.That(ThreadPlacement.CurrentCore, Is.Not.Negative, "a C library without the calls");
    }

    [Test]
    public void A_thread_that_runs_takes_running_time_and_one_that_sleeps_does_not()
    {
        using var asleep = new SemaphoreSlim(0);
        var sleeper = 0;
        var thread = new Thread(() =>
        {
            Volatile.Write(ref sleeper, ThreadPlacement.CurrentThread);
            asleep.Wait();
        });
        thread.Start();
        var own = ThreadPlacement.CurrentThread;
        SpinWait.SpinUntil(() => Volatile.Read(ref sleeper) != 0);
        Thread.Sleep(20);

        var (mine, others) = (ThreadPlacement.GetRunningTime(own), ThreadPlacement.GetRunningTime(sleeper));
        var watch = Stopwatch.StartNew();
        while (ThreadPlacement.GetRunningTime(own) < mine + 5_000_000)
            Assert.That(watch.Elapsed.TotalSeconds, Is.LessThan(60), "a spinning thread's time stands still");
        Assert.That(ThreadPlacement.GetRunningTime(sleeper), Is.EqualTo(others));

        asleep.Release();
        thread.Join();
    }

    [Test]
    public void A_thread_moves_itself_off_a_core_and_keeps_its_mask()
    {
        var cores = RequireCores();
        OnNewThread(() =>
        {
            var before = Cores();
            for (var round = 0; round < 20; round++)
            {
                foreach (var core in cores)
                {
                    ThreadPlacement.MoveTo(ThreadPlacement.CurrentThread, core);
                    ThreadPlacement.MoveAwayFrom([core]);
                }

                ThreadPlacement.MoveAwayFrom(cores);        // nothing is left: it stays
            }

            Assert.That(Cores(), Is.EqualTo(before));
        });
    }

    [Test]
    public void A_thread_is_moved_by_another()
    {
        var cores = RequireCores();
        using var stop = new CancellationTokenSource();
        var (number, core) = (0, ThreadPlacement.None);
        var thread = new Thread(() =>
        {
            Volatile.Write(ref number, ThreadPlacement.CurrentThread);
            while (!stop.IsCancellationRequested) Volatile.Write(ref core, ThreadPlacement.CurrentCore);
        });
        thread.Start();
        SpinWait.SpinUntil(() => Volatile.Read(ref number) != 0);
        foreach (var target in (int[])[.. cores, .. cores])
        {
            // The system may move it on at once, so that more than one attempt may be needed.
            var watch = Stopwatch.StartNew();
            do ThreadPlacement.MoveTo(number, target);
            while (!SpinWait.SpinUntil(IsThere, 100) && watch.Elapsed.TotalSeconds < 60);
            bool IsThere() => Volatile.Read(ref core) == target;

            Assert.That(watch.Elapsed.TotalSeconds, Is.LessThan(60), $"never seen on core {target}");
        }

        stop.Cancel();
        thread.Join();
    }

    [Test]
    public void What_does_not_exist_is_not_moved()
    {
        ThreadPlacement.MoveTo(int.MaxValue, 0);
        ThreadPlacement.MoveTo(ThreadPlacement.CurrentThread, 1023);
        ThreadPlacement.MoveTo(ThreadPlacement.CurrentThread, ThreadPlacement.None);
        Assert.That(ThreadPlacement.GetRunningTime(int.MaxValue / 16), Is.EqualTo(-1));
    }

    [Test]
    public void A_loop_ends_beside_threads_that_take_all_cores()
    {
        using var stop = new CancellationTokenSource();
        var busy = Enumerable.Range(0, 2 * Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            while (!stop.IsCancellationRequested) Thread.SpinWait(100);
        })).ToArray();
        foreach (var thread in busy) thread.Start();
        var device = new CpuDevice(threads: 3);
        var sums = new long[40];
        for (var round = 0; round < 200; round++)
            device.For(sums.Length, i =>
            {
                for (var k = 0; k < 2000; k++) sums[i] += k;
            });
        stop.Cancel();
        foreach (var thread in busy) thread.Join();
        Assert.That(sums, Is.All.EqualTo(200 * 1_999_000L));
    }

    private static int[] RequireCores()
    {
        var cores = Cores();
        if (cores.Length < 2) Assert.Ignore("This process may use a single core.");
        return cores;
    }

    /// <summary>The cores that the calling thread may use, as the system's file says.</summary>
    private static int[] Cores()
    {
        var line = File.ReadLines("/proc/thread-self/status").First(each => each.StartsWith("Cpus_allowed_list:"));
        var ranges = line[(line.IndexOf(':') + 1)..].Trim().Split(',')
            .Select(range => range.Split('-').Select(core => int.Parse(core, CultureInfo.InvariantCulture)).ToArray());
        return [.. ranges.SelectMany(range => Enumerable.Range(range[0], range[^1] - range[0] + 1))];
    }

    private static void OnNewThread(Action action)
    {
        Exception? fault = null;
        var thread = new Thread(() =>
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                fault = e;
            }
        });
        thread.Start();
        thread.Join();
        if (fault is not null) throw fault;
    }
}

using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The threads of a CPU device share a loop's items; each item is done once.</summary>
public sealed class ThreadTests
{
    [Test]
    public void Every_item_is_done_once([Values(1, 2, 7)] int threads, [Values(0, 1, 2, 1000)] int count)
    {
        var device = new CpuDevice(threads);
        var done = new int[count];
        for (var round = 1; round <= 20; round++)
        {
            device.For(count, i => Interlocked.Increment(ref done[i]));
            Assert.That(done, Is.All.EqualTo(round));
        }
    }

    [Test]
    public void Short_loops_in_quick_succession_do_not_mix([Values(2, 7)] int threads)
    {
        var device = new CpuDevice(threads);
        var done = new int[40];
        for (var round = 1; round <= 5000; round++)
        {
            var (items, now) = (2 + round % 7, round);
            device.For(items, i => Interlocked.Add(ref done[i], now));
            device.ForRanges(done.Length, 7, (start, n) =>
            {
                for (var i = start; i < start + n; i++) Interlocked.Add(ref done[i], i < items ? -now : 0);
            });
            if (done.AsSpan().ContainsAnyExcept(0)) Assert.Fail($"round {round}: {string.Join(", ", done)}");
        }
    }

    [Test]
    public void An_error_reaches_the_caller_and_the_team_goes_on()
    {
        var device = new CpuDevice(threads: 3);
        for (var round = 0; round < 20; round++)
        {
            Assert.That(
                () => device.For(100, i => { if (i == 57) throw new FormatException("item 57"); }),
                Throws.TypeOf<FormatException>().With.Message.EqualTo("item 57"));
            var sum = 0;
            device.For(100, i => Interlocked.Add(ref sum, i));
            Assert.That(sum, Is.EqualTo(4950));
        }
    }

    [Test]
    public void After_an_error_nothing_more_is_handed_out_of_the_longest_loop()
    {
        var device = new CpuDevice(threads: 3);
        var (thrown, late) = (false, false);
        Assert.That(() => device.For(int.MaxValue, Item), Throws.TypeOf<FormatException>());
        Assert.That(late, Is.False);

        void Item(int i)
        {
            late |= i is < 0 or >= 1 << 30;
            if (i == 0)
            {
                Volatile.Write(ref thrown, true);
                throw new FormatException();
            }

            while (!Volatile.Read(ref thrown)) Thread.Yield();
        }
    }

    [Test]
    public void A_loop_within_a_loop_does_not_wait_for_itself()
    {
        var device = new CpuDevice(threads: 3);
        var sum = 0;
        device.For(10, i => device.For(10, j => Interlocked.Add(ref sum, 10 * i + j)));
        Assert.That(sum, Is.EqualTo(4950));
    }

    [Test]
    public void Several_callers_share_a_device()
    {
        var device = new CpuDevice(threads: 2);
        var sums = new int[4];
        var callers = sums.Select((_, caller) => new Thread(() =>
        {
            for (var round = 0; round < 100; round++) device.For(50, i => Interlocked.Add(ref sums[caller], i));
        })).ToArray();
        foreach (var caller in callers) caller.Start();
        foreach (var caller in callers) caller.Join();
        Assert.That(sums, Is.All.EqualTo(100 * 1225));
    }

    [Test]
    public void A_loop_over_a_struct_allocates_nothing([Values(1, 3)] int threads)
    {
        var device = new CpuDevice(threads);
        var done = new int[1000];
        Loops();                        // starts the workers
        var before = GC.GetAllocatedBytesForCurrentThread();
        Loops();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(done, Is.All.EqualTo(2 * 100 * 2));

        void Loops()
        {
            for (var round = 0; round < 100; round++)
            {
                device.For(done.Length, new Count(done));
                device.ForRanges(done.Length, 7, new Count(done));
            }
        }
    }

    [Test]
    public void What_a_struct_refers_to_outlives_a_collection_within_the_loop([Values(1, 3)] int threads)
    {
        var device = new CpuDevice(threads);
        var sums = new int[50];
        device.For(sums.Length, new SumOfNewArray(Enumerable.Range(0, 1000).ToArray(), sums));
        Assert.That(sums, Is.All.EqualTo(499_500));
    }

    private readonly struct Count(int[] done) : ILoopBody, IRangeBody
    {
        public void Run(int i) => Interlocked.Increment(ref done[i]);

        public void Run(int start, int length)
        {
            for (var i = start; i < start + length; i++) Run(i);
        }
    }

    private readonly struct SumOfNewArray(int[] values, int[] sums) : ILoopBody
    {
        public void Run(int i)
        {
            GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
            sums[i] = values.Sum();
        }
    }

    [TestCase(-1)]
    [TestCase(1025)]
    public void So_many_threads_are_refused(int threads)
    {
        Assert.That(() => new CpuDevice(threads), Throws.InstanceOf<ArgumentOutOfRangeException>());
        GC.Collect();
        GC.WaitForPendingFinalizers();      // what was refused is finalized all the same
    }
}

using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The memory limits of a container, and the system's limit on threads.</summary>
public sealed class ContainerMemoryTests
{
    private const long Reserve = 32 << 20;

    [Test]
    public void The_tightest_limit_of_version_2_counts()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["cgroup"], "0::/a/b\n");
        Write(folder, "sys/a/b", ("memory.max", "max\n"), ("memory.current", "5\n"));
        Write(
            folder, "sys/a", ("memory.max", "1000000000\n"), ("memory.current", "400000000\n"),
            ("memory.stat", "anon 1\ninactive_file 50000000\n"));
        Write(folder, "sys", ("memory.max", "2000000000\n"), ("memory.current", "400000000\n"));
        Assert.That(Find(folder)!.Available, Is.EqualTo(650_000_000 - Reserve));
    }

    [Test]
    public void Version_1_is_read_where_the_path_is_that_outside_of_the_container()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["cgroup"], "9:name=systemd:/\n4:memory,hugetlb:/docker/3f\n0::/\n");
        Write(
            folder, "sys/memory", ("memory.limit_in_bytes", "100000000\n"), ("memory.usage_in_bytes", "90000000\n"),
            ("memory.stat", "total_inactive_file 1000000\n"));
        Assert.That(Find(folder)!.Available, Is.Zero, "less than the reserve is left");
    }

    [Test]
    public void Without_a_limit_there_is_none()
    {
        using var folder = new TemporaryFolder();
        Assert.That(Find(folder), Is.Null);
        File.WriteAllText(folder["cgroup"], "4:memory:/\n0::/\nnonsense\n");
        Write(folder, "sys/memory", ("memory.limit_in_bytes", "9223372036854771712\n"));
        Assert.That(Find(folder), Is.Null);
    }

    [Test]
    public void Beyond_what_is_left_a_message_comes_instead_of_a_kill()
    {
        var left = 100L << 20;
        var allocator = new CachingAllocator<nint>(
            _ => throw new AssertionException("the system was asked"), (block, _) => block, _ => { }, long.MaxValue,
            () => left);
        Assert.That(() => allocator.Allocate(128 << 20), Throws.InstanceOf<OutOfMemoryException>());
    }

    [Test]
    public void A_refused_thread_is_no_lack_of_memory()
    {
        var allowed = 2;
        var team = new ThreadTeam(8, thread =>
        {
            if (--allowed < 0) throw new InsufficientMemoryException();
            thread.Start();
        });
        Assert.That(
            () => team.Run(16, default(NoWork)),
            Throws.TypeOf<DeviceException>().With.Message.Contains("the system allowed 3 of 8 threads"));
        Assert.That(() => team.Run(16, default(NoWork)), Throws.TypeOf<DeviceException>(), "the team is free again");

        allowed = 8;
        var done = new int[16];
        team.Run(done.Length, new Mark(done));
        Assert.That(done, Is.All.EqualTo(1));
    }

    private readonly struct NoWork : ILoopBody
    {
        public void Run(int i)
        {
        }
    }

    private readonly struct Mark(int[] done) : ILoopBody
    {
        public void Run(int i) => done[i]++;
    }

    private static ContainerMemory? Find(TemporaryFolder folder) =>
        ContainerMemory.Find(folder["cgroup"], folder["sys"]);

    private static void Write(TemporaryFolder folder, string group, params (string Name, string Text)[] files)
    {
        Directory.CreateDirectory(folder[group]);
        foreach (var (name, text) in files) File.WriteAllText(Path.Combine(folder[group], name), text);
    }
}

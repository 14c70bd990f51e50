namespace PyNetSharp.Tests;

/// <summary>Ranks that are threads of this process.</summary>
/// <remarks>Where a rank fails, the others' operations throw, as those of a real group would.</remarks>
internal sealed class LocalProcessGroup : IProcessGroup
{
    private readonly Shared shared;

    private LocalProcessGroup(int rank, Shared shared) => (Rank, this.shared) = (rank, shared);

    public int Rank { get; }

    public int Size => shared.Floats.Length;

    /// <summary>The operations that this rank has called.</summary>
    public int Calls { get; private set; }

    /// <summary>Runs all ranks, each on a thread of its own, and returns their results in order.</summary>
    /// <exception cref="AggregateException">What ranks threw, but for those that waited for others.</exception>
    public static T[] Run<T>(int size, Func<LocalProcessGroup, T> rank)
    {
        var shared = new Shared(size);
        var (results, faults) = (new T[size], new Exception?[size]);
        var threads = new Thread[size];
        for (var i = 0; i < size; i++)
        {
            var number = i;
            threads[i] = new(() =>
            {
                try
                {
                    results[number] = rank(new(number, shared));
                }
                catch (Exception fault)
                {
                    faults[number] = fault;
                }
                finally
                {
                    shared.Barrier.Leave();
                }
            });
            threads[i].Start();
        }

        foreach (var thread in threads) thread.Join();
        var causes = faults.OfType<Exception>().Where(fault => fault is not RankEndedException).ToArray();
        if (causes.Length == 0) causes = [.. faults.OfType<Exception>()];
        return causes.Length == 0 ? results : throw new AggregateException(causes);
    }

    public void AllReduce(Span<float> values)
    {
        Calls++;
        shared.Floats[Rank] = values.ToArray();
        Wait();
        var (all, count) = (shared.Floats, values.Length);
        if (all.Any(of => of.Length != count))
            throw new InvalidOperationException("The ranks' values differ in number.");
        float[][] level = [.. all.Select(of => (float[])of.Clone())];
        while (level.Length > 1)
        {
            level =
            [
                .. Enumerable.Range(0, (level.Length + 1) / 2).Select(j => 2 * j + 1 == level.Length
                    ? level[2 * j]
                    : [.. level[2 * j].Zip(level[2 * j + 1], (a, b) => a + b)]),
            ];
        }

        level[0].CopyTo(values);
        Wait();
    }

    public void AllGather(ReadOnlySpan<byte> own, Span<byte> all)
    {
        Calls++;
        shared.Bytes[Rank] = own.ToArray();
        Wait();
        var share = all.Length / Size;
        if (shared.Bytes.Any(of => of.Length != share) || share * Size != all.Length)
            throw new InvalidOperationException("The ranks' bytes differ in number.");
        foreach (var (rank, of) in shared.Bytes.Index()) of.CopyTo(all[(rank * share)..]);
        Wait();
    }

    public void Broadcast(Span<byte> values)
    {
        Calls++;
        if (Rank == 0) shared.Bytes[0] = values.ToArray();
        Wait();
        var sent = shared.Bytes[0];
        if (sent.Length != values.Length) throw new InvalidOperationException("The ranks' bytes differ in number.");
        sent.CopyTo(values);
        Wait();
    }

    private void Wait() => shared.Barrier.Wait();

    /// <summary>Another rank has ended, so that an operation cannot be done.</summary>
    internal sealed class RankEndedException() : Exception("A rank has ended while another waits for it.");

    private sealed class Shared(int size)
    {
        public float[][] Floats { get; } = new float[size][];

        public byte[][] Bytes { get; } = new byte[size][];

        public RankBarrier Barrier { get; } = new(size);
    }

    /// <summary>As <see cref="Barrier"/>, but a rank that has ended makes the others throw instead of wait.</summary>
    private sealed class RankBarrier(int size)
    {
        private readonly object change = new();
        private int waiting, ended;
        private long phase;

        public void Wait()
        {
            lock (change)
            {
                if (ended > 0) throw new RankEndedException();
                var mine = phase;
                if (++waiting == size)
                {
                    (waiting, phase) = (0, phase + 1);
                    Monitor.PulseAll(change);
                    return;
                }

                while (phase == mine && ended == 0) Monitor.Wait(change);
                if (phase == mine) throw new RankEndedException();
            }
        }

        public void Leave()
        {
            lock (change)
            {
                ended++;
                Monitor.PulseAll(change);
            }
        }
    }
}

namespace PyNetSharp.Tests;

/// <summary>A group of threads and the memory that they share.</summary>
/// <param name="Grid">Groups, in three directions.</param>
/// <param name="Place">This one's among them.</param>
/// <param name="Arguments">The bytes of each parameter.</param>
internal sealed record PtxGroup(
    PtxProgram Program, int Threads, int[] Grid, int[] Place, byte[][] Arguments, PtxGlobalMemory Global)
{
    public const int WarpSize = 32;

    private readonly PtxSharedArray[] shared = [.. Program.Shared.Select(array => new PtxSharedArray(array.Name, array.Length))];

    /// <summary>How many barriers lie behind the threads, and 1.</summary>
    public int Epoch { get; private set; } = 1;

    /// <summary>Where an ended thread is.</summary>
    public int End => Program.Code.Length - 1;

    public void Run()
    {
        PtxThread[] threads = [.. Enumerable.Range(0, Threads).Select(number => new PtxThread(this, number))];
        PtxThread[][] warps = [.. threads.Chunk(WarpSize)];
        while (true)
        {
            foreach (var warp in warps) RunToBarrier(warp);
            var at = threads[0].Next;
            if (threads.FirstOrDefault(thread => thread.Next != at) is { } other)
                throw new PtxFault(
                    $"thread 0 is at {Program.Code[at].Text}, thread {other.Number} at {Program.Code[other.Next].Text}: " +
                    "they wait for ever");
            if (at == End) return;
            Epoch++;
            foreach (var thread in threads) thread.Next++;
        }
    }

    /// <summary>The array that this address lies in; arrays may be a few bytes apart on a GPU, but here they are not.</summary>
    public PtxSharedArray Shared(ulong address)
    {
        var array = (address >> PtxSymbols.ArrayBits) - 1;
        return array < (ulong)shared.Length ? shared[array] : throw new PtxFault($"{address:X} is no shared memory");
    }

    private void RunToBarrier(PtxThread[] warp)
    {
        while (true)
        {
            foreach (var thread in warp) thread.Run();
            var at = warp.FirstOrDefault(thread => Program.Code[thread.Next].Stop == PtxStop.Warp)?.Next ?? End;
            if (Program.Code[at].DoTogether is not { } act) return;
            if (warp.Length < WarpSize || Array.Exists(warp, thread => thread.Next != at))
                throw new PtxFault($"{Program.Code[at].Text}: not all threads of the warp are here");
            act(warp);
            foreach (var thread in warp) thread.Next++;
        }
    }
}

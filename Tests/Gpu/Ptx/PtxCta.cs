namespace PyNetSharp.Tests;

/// <summary>A group of threads and the memory that they share.</summary>
/// <param name="GridSize">Groups, in three directions.</param>
/// <param name="CtaId">This one's among them.</param>
/// <param name="Arguments">The bytes of each parameter.</param>
internal sealed record PtxCta(
    PtxProgram Program, int Threads, int[] GridSize, int[] CtaId, byte[][] Arguments, PtxGlobalMemory Global)
{
    public const int WarpSize = 32;

    private readonly PtxSharedArray[] shared = [.. Program.Shared.Select(array => new PtxSharedArray(array.Name, array.Length))];

    /// <summary>How many barriers lie behind the threads, and 1.</summary>
    public int BarrierPhase { get; private set; } = 1;

    /// <summary>Where an ended thread is.</summary>
    public int EndIndex => Program.Code.Length - 1;

    public void Run()
    {
        PtxThread[] threads = [.. Enumerable.Range(0, Threads).Select(number => new PtxThread(this, number))];
        PtxThread[][] warps = [.. threads.Chunk(WarpSize)];
        while (true)
        {
            foreach (var warp in warps) RunToBarrier(warp);
            var at = threads[0].ProgramCounter;
            if (threads.FirstOrDefault(thread => thread.ProgramCounter != at) is { } other)
                throw new PtxException(
                    $"thread 0 is at {Program.Code[at].Text}, thread {other.Number} at {Program.Code[other.ProgramCounter].Text}: " +
                    "they wait for ever");
            if (at == EndIndex) return;
            BarrierPhase++;
            foreach (var thread in threads) thread.ProgramCounter++;
        }
    }

    /// <summary>The array that this address lies in; arrays may be a few bytes apart on a GPU, but here they are not.</summary>
    public PtxSharedArray Shared(ulong address)
    {
        var array = (address >> PtxSymbols.ArrayBits) - 1;
        return array < (ulong)shared.Length ? shared[array] : throw new PtxException($"{address:X} is no shared memory");
    }

    private void RunToBarrier(PtxThread[] warp)
    {
        while (true)
        {
            foreach (var thread in warp) thread.Run();
            var at = warp.FirstOrDefault(thread => Program.Code[thread.ProgramCounter].Synchronization == PtxSynchronization.Warp)?.ProgramCounter ?? EndIndex;
            if (Program.Code[at].ExecuteWarp is not { } act) return;
            if (warp.Length < WarpSize || Array.Exists(warp, thread => thread.ProgramCounter != at))
                throw new PtxException($"{Program.Code[at].Text}: not all threads of the warp are here");
            act(warp);
            foreach (var thread in warp) thread.ProgramCounter++;
        }
    }
}

namespace PyNetSharp.Tests;

/// <summary>A group of threads (CTA) and its shared memory.</summary>
/// <param name="GridSize">The number of groups in three dimensions.</param>
/// <param name="CtaId">The index of this group in the grid.</param>
/// <param name="Arguments">The bytes of each parameter.</param>
internal sealed record PtxCta(
    PtxProgram Program, int Threads, int[] GridSize, int[] CtaId, byte[][] Arguments, PtxGlobalMemory Global)
{
    public const int WarpSize = 32;

    private readonly PtxSharedArray[] shared =
        [.. Program.Shared.Select(array => new PtxSharedArray(array.Name, array.Length))];

    /// <summary>1 plus the number of barriers that the threads have passed.</summary>
    public int BarrierPhase { get; private set; } = 1;

    /// <summary>The index of the instruction at which a thread has ended.</summary>
    public int EndIndex => Program.Code.Length - 1;

    public void Run()
    {
        PtxThread[] threads = [.. Enumerable.Range(0, Threads).Select(number => new PtxThread(this, number))];
        PtxThread[][] warps = [.. threads.Chunk(WarpSize)];
        while (true)
        {
            foreach (var warp in warps) RunToBarrier(warp);
            var index = threads[0].ProgramCounter;
            if (threads.FirstOrDefault(thread => thread.ProgramCounter != index) is { } other)
                throw new PtxException(
                    $"thread 0 is at {Program.Code[index].Text}, thread {other.Number} at " +
                    $"{Program.Code[other.ProgramCounter].Text}: a deadlock");
            if (index == EndIndex) return;
            BarrierPhase++;
            foreach (var thread in threads) thread.ProgramCounter++;
        }
    }

    /// <summary>The array that contains an address. Unlike on a GPU, arrays are far apart.</summary>
    public PtxSharedArray Shared(ulong address)
    {
        var array = (address >> PtxSymbols.ArrayBits) - 1;
        return array < (ulong)shared.Length
            ? shared[array]
            : throw new PtxException($"{address:X} is not shared memory");
    }

    private void RunToBarrier(PtxThread[] warp)
    {
        while (true)
        {
            foreach (var thread in warp) thread.Run();
            var waiting = warp.FirstOrDefault(thread =>
                Program.Code[thread.ProgramCounter].Synchronization == PtxSynchronization.Warp);
            var index = waiting?.ProgramCounter ?? EndIndex;
            if (Program.Code[index].ExecuteWarp is not { } execute) return;
            if (warp.Length < WarpSize || Array.Exists(warp, thread => thread.ProgramCounter != index))
                throw new PtxException($"{Program.Code[index].Text}: not all threads of the warp are here");
            execute(warp);
            foreach (var thread in warp) thread.ProgramCounter++;
        }
    }
}

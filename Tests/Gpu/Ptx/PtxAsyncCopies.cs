using System.Globalization;

namespace PyNetSharp.Tests;

/// <summary>
/// One thread's copies from global to shared memory; they complete when the thread waits for them, not before.
/// </summary>
/// <remarks>PTX ISA, "Data Movement and Conversion Instructions: cp.async".</remarks>
internal sealed class PtxAsyncCopies
{
    private readonly Queue<List<Action>> committedGroups = [];
    private List<Action> pendingGroup = [];

    public static Action<PtxThread>? Of(PtxStatement s) => s.Opcode switch
    {
        "cp.async.cg.shared.global" when s.Operands[2] == "16" => Copy(s, 16),
        "cp.async.ca.shared.global" when s.Operands[2] is "4" or "8" or "16" =>
            Copy(s, int.Parse(s.Operands[2], CultureInfo.InvariantCulture)),
        "cp.async.commit_group" => thread => thread.AsyncCopies.Commit(),
        "cp.async.wait_group" => Wait(int.Parse(s.Operands[0], CultureInfo.InvariantCulture)),
        "cp.async.wait_all" => thread =>
        {
            thread.AsyncCopies.Commit();
            thread.AsyncCopies.WaitGroup(0);
        },
        _ => null,
    };

    /// <summary>
    /// Of <paramref name="size"/> bytes. A fourth operand is how many of them are read; the others become zero.
    /// </summary>
    private static Action<PtxThread> Copy(PtxStatement s, int size)
    {
        var ((target, targetOffset), (source, sourceOffset)) = (s.Address(0), s.Address(1));
        var count = s.Operands.Length > 3 ? s.Register(3) : -1;
        return thread =>
        {
            var targetAddress = thread.Get<ulong>(target) + (ulong)targetOffset;
            var sourceAddress = thread.Get<ulong>(source) + (ulong)sourceOffset;
            var read = count < 0 ? size : thread.Get<int>(count);
            if (read < 0 || read > size) throw new PtxException($"{read} of {size} bytes");
            PtxMemoryAccess.CheckAlignment(targetAddress, size);
            PtxMemoryAccess.CheckAlignment(sourceAddress, size);

            var bytes = new byte[size];
            if (read > 0) thread.Cta.Global.At(sourceAddress, read).CopyTo(bytes);
            var array = thread.Cta.Shared(targetAddress);
            array.BeginAsyncWrite(thread, targetAddress, size);
            thread.AsyncCopies.pendingGroup.Add(() => array.CompleteAsyncWrite(thread, targetAddress, bytes));
        };
    }

    private static Action<PtxThread> Wait(int count) => thread => thread.AsyncCopies.WaitGroup(count);

    private void Commit()
    {
        committedGroups.Enqueue(pendingGroup);
        pendingGroup = [];
    }

    /// <summary>Completes all but the last <paramref name="count"/> groups.</summary>
    private void WaitGroup(int count)
    {
        while (committedGroups.Count > count)
            foreach (var complete in committedGroups.Dequeue())
                complete();
    }
}

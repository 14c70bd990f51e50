using System.Runtime.InteropServices;
using System.Text;
using PyNetSharp.Layers;

namespace PyNetSharp.Training;

/// <summary>
/// Gives all processes the state of rank 0: when training begins or resumes, and after a rollback. So rank 0 alone
/// reads checkpoints.
/// </summary>
/// <param name="trainer">Constructed alike in all processes.</param>
/// <param name="group">The processes.</param>
internal sealed class StateBroadcast(Trainer trainer, IProcessGroup group)
{
    private float[] scratch = [];

    /// <summary>Copies tensors, generators and results.</summary>
    /// <param name="withBest">Whether also the best epoch's weights, which the processes may not have alike.</param>
    public void Run(bool withBest)
    {
        var progress = BroadcastProgress();
        foreach (var (_, tensor) in trainer.State())
        {
            var values = Broadcast(tensor);
            if (group.Rank > 0) tensor.CopyFrom(values);
        }

        foreach (var (_, rng) in trainer.Model.Generators())
        {
            var state = rng.State;
            group.Broadcast(MemoryMarshal.AsBytes(new Span<ulong>(ref state)));
            rng.State = state;
        }

        var best = withBest ? BroadcastBest() : null;
        if (group.Rank > 0) trainer.TakeOver(progress, best);
    }

    private TrainingProgress BroadcastProgress()
    {
        var text = group.Rank == 0 ? Encoding.UTF8.GetBytes(trainer.Progress.ToJson()) : [];
        var length = text.Length;
        group.Broadcast(MemoryMarshal.AsBytes(new Span<int>(ref length)));
        if (group.Rank > 0) text = new byte[length];
        group.Broadcast(text);
        return TrainingProgress.FromJson(Encoding.UTF8.GetString(text));
    }

    /// <returns>In the order of the model's state; empty where rank 0 does not have them.</returns>
    private IReadOnlyList<float[]?> BroadcastBest()
    {
        Tensor[] kept = group.Rank == 0 ? [.. trainer.BestState().Select(s => s.Tensor)] : [];
        var count = kept.Length;
        group.Broadcast(MemoryMarshal.AsBytes(new Span<int>(ref count)));
        if (count == 0) return [];
        if (group.Rank > 0) kept = [.. trainer.Model.State().Select(s => s.Tensor)];       // for their shapes
        return [.. kept.Select(tensor => Broadcast(tensor).ToArray())];
    }

    /// <summary>Rank 0's content of a tensor.</summary>
    private Span<float> Broadcast(Tensor tensor)
    {
        if (scratch.Length < tensor.Shape.Size) scratch = new float[tensor.Shape.Size];
        var values = scratch.AsSpan(0, tensor.Shape.Size);
        if (group.Rank == 0) tensor.CopyTo(values);
        group.Broadcast(MemoryMarshal.AsBytes(values));
        return values;
    }
}

using System.Numerics.Tensors;
using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Optimizers;

namespace PyNetSharp.Training;

/// <summary>
/// Computes the gradients of batches shard by shard, and adds them over the shards of all processes: the same bits for
/// any number of processes.
/// </summary>
/// <remarks>
/// Each shard has a forward and a backward pass of its own, weighted by its share of the step's items. All begin with
/// the same generators and buffers, and those of the first shard that has items are kept. So a dropout layer draws one
/// seed for all shards, and drops by the position in the whole batch. One exchange per batch adds everything at once:
/// gradients, which parameters have one, the shards' metrics, buffers and generators, and the wish to stop.
/// </remarks>
internal sealed class ShardedStep
{
    private const int PartsOfState = 4;     // 16 bits each of a generator's state: exact as a float

    private readonly Module model;
    private readonly DataLoader train;
    private readonly ILoss loss;
    private readonly ShardPlan plan;
    private readonly IProcessGroup? group;
    private readonly IReadOnlyList<Parameter> parameters;
    private readonly GradientTree gradients;
    private readonly ShardMetrics metrics;
    private readonly DropoutLayer[] dropouts;
    private readonly Rng[] generators;
    private readonly (Tensor Tensor, float[] Start)[] buffers;
    private readonly ulong[] positions;                 // of the generators, when the batch began
    private readonly float[] exchanged;                 // what is added over the processes, in the order below
    private readonly int presenceAt, metricsAt, buffersAt, generatorsAt, stopAt;
    private IEnumerator<Batch>? shards;                 // of the epoch

    /// <summary>Of a model that is on its device.</summary>
    /// <param name="model">The model.</param>
    /// <param name="train">The whole batches.</param>
    /// <param name="optimizer">Has the parameters whose gradients are added.</param>
    /// <param name="loss">The mean loss of a shard.</param>
    /// <param name="plan">The shards of this process.</param>
    /// <param name="group">The processes; null for one.</param>
    public ShardedStep(
        Module model, DataLoader train, Optimizer optimizer, ILoss loss, ShardPlan plan, IProcessGroup? group)
    {
        (this.model, this.train, this.loss, this.plan, this.group) = (model, train, loss, plan, group);
        parameters = [.. optimizer.Parameters];
        (gradients, metrics) = (new(parameters), new(plan, train.HasLabelPerItem));
        dropouts = [.. model.Descendants().Select(descendant => descendant.Module).OfType<DropoutLayer>().Distinct()];
        generators = [.. model.Generators().Select(generator => generator.Rng).Distinct()];
        positions = new ulong[generators.Length];
        buffers =
        [
            .. model.State().Select(s => s.Tensor).Where(tensor => tensor is not Parameter)
                .Select(tensor => (tensor, new float[tensor.Shape.Size])),
        ];

        presenceAt = group is null ? 0 : gradients.Size;        // one process adds its gradients where they are
        metricsAt = presenceAt + parameters.Count;
        buffersAt = metricsAt + metrics.Length;
        generatorsAt = buffersAt + buffers.Sum(buffer => buffer.Start.Length);
        stopAt = generatorsAt + PartsOfState * generators.Length;
        exchanged = new float[stopAt + 1];
    }

    /// <summary>Whether a process wanted to stop when the last batch was added.</summary>
    public bool IsStopped => exchanged[stopAt] > 0;

    /// <summary>Each batch's first shard of this process; <see cref="Run"/> reads the others.</summary>
    public IEnumerable<Batch> Epoch(int epoch, int first)
    {
        using var all = train.Shards(epoch, first, plan).GetEnumerator();
        shards = all;
        while (all.MoveNext()) yield return all.Current;
    }

    /// <summary>Adds a batch's gradients to those of the parameters: the same ones in all processes.</summary>
    /// <param name="shard">The first shard of this process, as <see cref="Epoch"/> returned it last.</param>
    /// <param name="items">The items of the whole batch.</param>
    /// <param name="stepItems">The items of all batches of the step.</param>
    /// <param name="stop">Whether this process wants to stop.</param>
    /// <returns>The metrics of the whole batch.</returns>
    public BatchMetrics Run(Batch shard, int items, long stepItems, bool stop)
    {
        Array.Clear(exchanged, presenceAt, exchanged.Length - presenceAt);
        for (var i = 0; i < generators.Length; i++) positions[i] = generators[i].State;
        foreach (var (tensor, start) in buffers) tensor.CopyTo(start);
        gradients.Begin();
        try
        {
            for (var i = 0; i < plan.Count; i++)
            {
                if (i > 0) shard = NextShard();
                RunShard(shard, plan.First + i, items, stepItems);
                gradients.Add();
            }
        }
        finally
        {
            foreach (var dropout in dropouts) dropout.Part = null;
        }

        exchanged[stopAt] = stop ? 1 : 0;
        Exchange();
        ReadState();
        gradients.End();
        return metrics.Read(exchanged.AsSpan(metricsAt, metrics.Length), items);
    }

    private Batch NextShard() => shards!.MoveNext()
        ? shards.Current : throw new InvalidOperationException("Trainer: the loader has ended within a batch.");

    private void RunShard(Batch shard, int number, int items, long stepItems)
    {
        var (start, end) = plan.ItemsOf(number, items);
        if (start == end) return;
        foreach (var dropout in dropouts) dropout.Part = (start, end - start);
        RestoreStart();
        var y = model.Forward(shard.X);
        var value = loss.Forward(y, shard.Target);
        metrics.Write(exchanged.AsSpan(metricsAt, metrics.Length), number, y, value, shard);
        (value * (float)((double)(end - start) / stepItems)).Backward();
        if (number == plan.FirstWithItems(items)) WriteState();
    }

    /// <summary>Generators and buffers as they were when the batch began.</summary>
    private void RestoreStart()
    {
        for (var i = 0; i < generators.Length; i++) generators[i].State = positions[i];
        foreach (var (tensor, start) in buffers) tensor.CopyFrom(start);
    }

    private void WriteState()
    {
        var at = buffersAt;
        foreach (var (tensor, start) in buffers)
        {
            tensor.CopyTo(exchanged.AsSpan(at, start.Length));
            at += start.Length;
        }

        foreach (var generator in generators)
            for (var part = 0; part < PartsOfState; part++)
                exchanged[at++] = (ushort)(generator.State >> (16 * part));
    }

    private void ReadState()
    {
        var at = buffersAt;
        foreach (var (tensor, start) in buffers)
        {
            tensor.CopyFrom(exchanged.AsSpan(at, start.Length));
            at += start.Length;
        }

        foreach (var generator in generators)
        {
            generator.State = 0;
            for (var part = 0; part < PartsOfState; part++) generator.State |= (ulong)exchanged[at++] << (16 * part);
        }
    }

    private void Exchange()
    {
        gradients.Close();
        for (var i = 0; i < parameters.Count; i++) exchanged[presenceAt + i] = gradients.HasGradient(i) ? 1 : 0;
        if (group is null)
        {
            // As where zeros of other processes are added: −0 becomes 0.
            TensorPrimitives.Add(exchanged, 0f, exchanged);
            return;
        }

        gradients.CopyTo(exchanged.AsSpan(0, presenceAt));
        group.AllReduce(exchanged);
        gradients.CopyFrom(exchanged.AsSpan(0, presenceAt), i => exchanged[presenceAt + i] > 0);
    }
}

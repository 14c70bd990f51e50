namespace PyNetSharp;

/// <summary>An arena, with tensors and ops of its own: what one run of a plan needs while it lasts.</summary>
internal sealed class PlanExecution
{
    private readonly Storage arena;
    private readonly Step[] steps;

    public PlanExecution(InferencePlan plan, Device device)
    {
        var created = new Dictionary<PlanTensor, Tensor>();
        var storages = new Dictionary<PlanBuffer, Storage>();
        arena = device.Allocate((int)plan.ArenaSize);
        (Input, Output) = (Find(plan.Input), Find(plan.Output));
        steps =
        [
            .. plan.Steps.Select(step => new Step(
                step.Op.Copy(), [.. step.Inputs.Select(Find)], Find(step.Output))),
        ];

        Tensor Find(PlanTensor planned)
        {
            if (created.TryGetValue(planned, out var tensor)) return tensor;
            return created[planned] = planned.Constant ?? new Tensor(planned.Shape, StorageOf(planned.Buffer!)).Keep();
        }

        Storage StorageOf(PlanBuffer buffer)
        {
            if (storages.TryGetValue(buffer, out var storage)) return storage.Retain();
            return storages[buffer] = arena.Slice(buffer.Offset);
        }
    }

    /// <summary>To be filled before <see cref="Compute"/>.</summary>
    public Tensor Input { get; }

    /// <summary>Holds the result after <see cref="Compute"/>, until the next one.</summary>
    public Tensor Output { get; }

    public void Compute()
    {
        using var noGrad = GradMode.NoGrad();
        foreach (var step in steps) step.Op.Repeat(step.Inputs, step.Output);
        GC.KeepAlive(this);         // kernels read through pointers
    }

    public void Free() => arena.Release();

    private sealed record Step(Op Op, Tensor[] Inputs, Tensor Output);
}

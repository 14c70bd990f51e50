namespace PyNetSharp;

/// <summary>
/// What computes a module's output from an input of one shape: ops in order, and where their results are.
/// </summary>
internal sealed class InferencePlan
{
    private readonly List<PlanStep> steps;
    private readonly List<Tensor> constants;
    private readonly List<DerivedTensors> derived = [];

    /// <param name="steps">In the order in which they are computed.</param>
    /// <param name="input">The module's input.</param>
    /// <param name="output">The module's output.</param>
    /// <param name="constants">Retained tensors, which <see cref="Release"/> releases.</param>
    /// <param name="constantReader">The first step that reads a constant which is no state of the module.</param>
    public InferencePlan(
        List<PlanStep> steps, PlanTensor input, PlanTensor output, List<Tensor> constants, string? constantReader)
    {
        (this.steps, Input, Output) = (steps, input, output);
        (this.constants, ConstantReader) = (constants, constantReader);
        RemoveUnused();
        ArenaSize = PlaceBuffers();
    }

    public IReadOnlyList<PlanStep> Steps => steps;

    public PlanTensor Input { get; }

    public PlanTensor Output { get; }

    public string? ConstantReader { get; }

    /// <summary>Tensors that follow from the module's, to be updated before a run.</summary>
    public IReadOnlyList<DerivedTensors> Derived => derived;

    /// <summary>The floats that one execution needs.</summary>
    public long ArenaSize { get; private set; }

    /// <summary>Computes neighboring ops as one where an op says that it can.</summary>
    /// <param name="exactly">Whether only where every bit of the result stays.</param>
    public void Fuse(bool exactly)
    {
        for (var i = 0; i < steps.Count; i++)
            while (TryFuse(i, exactly))
            {
            }

        ArenaSize = PlaceBuffers();
    }

    public void Release()
    {
        foreach (var constant in constants) constant.ReleaseRetained();
        foreach (var tensors in derived) tensors.Release();
        constants.Clear();
        derived.Clear();
    }

    /// <summary>Fuses the step with the only one that reads its result, if its other inputs are constants.</summary>
    private bool TryFuse(int i, bool exactly)
    {
        var (step, result) = (steps[i], steps[i].Output);
        if (result.Buffer == Output.Buffer) return false;
        var next = -1;
        for (var j = i + 1; j < steps.Count; j++)
            foreach (var input in steps[j].Inputs)
            {
                if (input.Buffer != result.Buffer) continue;
                if (next >= 0) return false;
                next = j;
            }

        if (next < 0 || steps[next].Inputs[0] != result) return false;
        var consumer = steps[next];
        if (!Array.TrueForAll(consumer.Inputs[1..], input => input.Constant is not null)) return false;
        if (step.Op.FuseWith(consumer.Op, ConstantsOf(step), ConstantsOf(consumer), exactly) is not { } fused)
            return false;

        var inputs = step.Inputs;
        if (fused.Constants is { } tensors)
        {
            derived.Add(tensors);
            inputs = [inputs[0], .. tensors.Results.Select(PlanTensor.Of)];
        }

        steps[i] = new(fused.Op, inputs, consumer.Output, step.Layer, $"{step.Name} + {consumer.Name}");
        steps.RemoveAt(next);
        return true;

        static Tensor?[] ConstantsOf(PlanStep step) => [.. step.Inputs.Select(input => input.Constant)];
    }

    private void RemoveUnused()
    {
        HashSet<PlanBuffer?> used = [Output.Buffer];
        for (var i = steps.Count - 1; i >= 0; i--)
        {
            if (!used.Contains(steps[i].Output.Buffer)) steps.RemoveAt(i);
            else
                foreach (var input in steps[i].Inputs) used.Add(input.Buffer);
        }
    }

    private long PlaceBuffers()
    {
        HashSet<PlanBuffer> buffers = [];
        Use(Input, -1);
        for (var i = 0; i < steps.Count; i++)
        {
            foreach (var input in steps[i].Inputs) Use(input, i);
            Use(steps[i].Output, i);
        }

        Use(Output, steps.Count);
        return MemoryPlan.Place([.. buffers]);

        void Use(PlanTensor tensor, int step)
        {
            if (tensor.Buffer is not { } buffer) return;
            if (buffers.Add(buffer)) buffer.First = step;
            buffer.Last = step;
        }
    }
}

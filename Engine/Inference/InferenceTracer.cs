namespace PyNetSharp;

/// <summary>Records the ops that a module applies to an input, with the tensors that they read and compute.</summary>
internal sealed class InferenceTracer : ModuleTracer
{
    private readonly Dictionary<Storage, PlanBuffer> buffers = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<(object, Shape), PlanTensor> tensors = [];
    private readonly HashSet<Storage> state = new(ReferenceEqualityComparer.Instance);
    private readonly List<PlanStep> steps = [];
    private readonly List<Tensor> constants = [];
    private string? constantReader;         // the first op that reads a constant which is no state

    private InferenceTracer(Module model) : base(model)
    {
        foreach (var tensor in StateNames.Keys) state.Add(tensor.Storage);
    }

    /// <param name="model">A module of one tensor; it runs in evaluation mode.</param>
    /// <param name="x">An input.</param>
    /// <param name="y">The output.</param>
    /// <exception cref="NotSupportedException">
    /// An op cannot be repeated, or numbers are read outside of ops; the message names the layer.
    /// </exception>
    public static InferencePlan Run(Module model, Tensor x, out Tensor y)
    {
        var tracer = new InferenceTracer(model);
        var input = tracer.AddBuffer(x);
        y = tracer.Invoke(x);
        return new(tracer.steps, input, tracer.Find(y), tracer.constants, tracer.constantReader);
    }

    public override void OnRead(Tensor tensor)
    {
        if (IsInOp || !(buffers.ContainsKey(tensor.Storage) || state.Contains(tensor.Storage))) return;
        throw new NotSupportedException(
            $"Compile: {LayerName(Caller)} copies a tensor {tensor.Shape} to the host (ToArray, Item, CopyTo, or a " +
            "function of indices), and what follows from its numbers cannot be repeated for others.");
    }

    protected override void Add(Op op, ReadOnlySpan<Tensor> inputs, Tensor y, string path)
    {
        var layer = LayerName(path);
        if (!op.IsPure)
            throw new NotSupportedException(
                $"Compile: {layer}: {op.Name} cannot be repeated: it is random, changes something besides its " +
                "result, or reads more than its inputs. An op of your own for which that is not so overrides IsPure.");
        var x = new PlanTensor[inputs.Length];
        for (var i = 0; i < x.Length; i++)
        {
            x[i] = Find(inputs[i]);
            if (x[i].Constant is { } constant && !state.Contains(constant.Storage))
                constantReader ??= $"{layer}: {op.Name} reads a tensor {constant.Shape} that no op has computed.";
        }

        foreach (var input in inputs)
            if (input.Storage == y.Storage)
                return;         // a view: nothing is computed
        steps.Add(new(op.Copy(), x, AddBuffer(y), layer, op.Name));
    }

    private PlanTensor AddBuffer(Tensor tensor)
    {
        buffers.Add(tensor.Storage, new(tensor.Shape.Size));
        return Find(tensor);
    }

    private PlanTensor Find(Tensor tensor)
    {
        var buffer = buffers.GetValueOrDefault(tensor.Storage);
        var key = (buffer ?? (object)tensor, tensor.Shape);
        if (tensors.TryGetValue(key, out var known)) return known;
        if (buffer is not null) return tensors[key] = PlanTensor.In(buffer, tensor.Shape);
        if (!StateNames.ContainsKey(tensor))
        {
            tensor.Retain();            // its method may release it
            constants.Add(tensor);
        }

        return tensors[key] = PlanTensor.Of(tensor);
    }
}

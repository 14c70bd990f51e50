namespace PyNetSharp;

/// <summary>Lists the ops that a module applies as operators of ONNX.</summary>
internal sealed class OnnxTracer : OpObserver
{
    private readonly Module model;
    private readonly OnnxGraph graph;
    private readonly Dictionary<Tensor, OnnxValue> values = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<(Storage, Shape), OnnxValue> views = [];        // for what Detach returns
    private readonly Dictionary<Module, string> paths = new(ReferenceEqualityComparer.Instance);
    private readonly Stack<string> callers = new([""]);
    private int depth;              // of ops: those that an op applies within are part of it

    private OnnxTracer(Module model, Tensor x)
    {
        this.model = model;
        graph = new(x.Shape, Find);
        foreach (var (name, tensor) in model.State()) values.TryAdd(tensor, new OnnxTensor(name, tensor));
        foreach (var (path, module) in model.Descendants()) paths.TryAdd(module, path);
        Add(x, graph.Input);
    }

    public static OnnxGraph Run(Module model, Tensor x)
    {
        var tracer = new OnnxTracer(model, x);
        var outer = Current;
        using var noGrad = GradMode.NoGrad();
        using var evaluating = model.Evaluating();
        Current = tracer;
        try
        {
            var y = model.Invoke(x);
            tracer.graph.Output = tracer.Find(y);
            tracer.graph.OutputShape = y.Shape;
            if (!ReferenceEquals(y, x)) y.Release();
        }
        finally
        {
            Current = outer;
        }

        return tracer.graph;
    }

    public override void OnEnter(Module module) => callers.Push(paths.GetValueOrDefault(module, callers.Peek()));

    public override void OnLeave(Module module) => callers.Pop();

    public override void OnApply(Op op, ReadOnlySpan<Tensor> inputs, Tensor y)
    {
        if (depth > 0) return;
        var x = new OnnxValue[inputs.Length];
        for (var i = 0; i < x.Length; i++) x[i] = Find(inputs[i]);
        graph.Origin = (Path(x), op.Name);
        Add(y, Write(op, x));
    }

    public override void OnBegin(Op op, Pass pass) => depth++;

    public override void OnEnd(Op op, Pass pass) => depth--;

    private OnnxValue Write(Op op, OnnxValue[] x)
    {
        try
        {
            return op.ToOnnx(graph, x)
                ?? throw new NotSupportedException($"{op.Name} has no counterpart in ONNX.");
        }
        catch (NotSupportedException fault)
        {
            var (path, name) = graph.Origin;
            var layer = path.Length > 0 ? path : model.GetType().Name;
            var what = fault.Message.StartsWith(name, StringComparison.Ordinal) ? "" : $"{name}: ";
            throw new NotSupportedException($"{layer}: {what}{fault.Message}", fault);
        }
    }

    private void Add(Tensor tensor, OnnxValue value)
    {
        values[tensor] = value;
        views[(tensor.Storage, tensor.Shape)] = value;
    }

    private OnnxValue Find(Tensor tensor)
    {
        if (values.TryGetValue(tensor, out var value) || views.TryGetValue((tensor.Storage, tensor.Shape), out value))
            return value;
        return values[tensor] = new OnnxTensor(tensor.Shape, tensor.ToArray());
    }

    /// <summary>
    /// The calling module's path; or that of the layer within whose parameter the op reads, which a
    /// <c>Sequential</c> has run without a call, in one op with the next.
    /// </summary>
    private string Path(OnnxValue[] inputs)
    {
        var caller = callers.Peek();
        foreach (var input in inputs)
            if (input is OnnxTensor { Name: { } name } && name.LastIndexOf('.') is > 0 and var end
                && (caller.Length == 0 || name.StartsWith($"{caller}.", StringComparison.Ordinal)))
                return name[..end];
        return caller;
    }
}

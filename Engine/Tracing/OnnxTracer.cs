namespace PyNetSharp;

/// <summary>Lists the ops that a module applies as operators of ONNX.</summary>
internal sealed class OnnxTracer : ModuleTracer
{
    private readonly OnnxGraph graph;
    private readonly Dictionary<Tensor, OnnxValue> values = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<(Storage, Shape), OnnxValue> views = [];        // for what Detach returns

    private OnnxTracer(Module model, Tensor x) : base(model)
    {
        graph = new(x.Shape, Find);
        foreach (var (tensor, name) in StateNames) values.Add(tensor, new OnnxTensor(name, tensor));
        Add(x, graph.Input);
    }

    public static OnnxGraph Run(Module model, Tensor x)
    {
        var tracer = new OnnxTracer(model, x);
        var y = tracer.Invoke(x);
        tracer.graph.Output = tracer.Find(y);
        tracer.graph.OutputShape = y.Shape;
        if (!ReferenceEquals(y, x)) y.Release();
        return tracer.graph;
    }

    protected override void Add(Op op, ReadOnlySpan<Tensor> inputs, Tensor y, string path)
    {
        var x = new OnnxValue[inputs.Length];
        for (var i = 0; i < x.Length; i++) x[i] = Find(inputs[i]);
        graph.Origin = (path, op.Name);
        Add(y, Write(op, x));
    }

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
            var what = fault.Message.StartsWith(name, StringComparison.Ordinal) ? "" : $"{name}: ";
            throw new NotSupportedException($"{LayerName(path)}: {what}{fault.Message}", fault);
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
}

namespace PyNetSharp;

/// <summary>Sees the ops that a module applies in evaluation mode, each with the path of its layer.</summary>
internal abstract class ModuleTracer : OpObserver
{
    private readonly Dictionary<Tensor, string> names = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Module, string> paths = new(ReferenceEqualityComparer.Instance);
    private readonly Stack<string> callers = new([""]);
    private int depth;              // of ops: those that an op applies within are part of it

    protected ModuleTracer(Module model)
    {
        Model = model;
        foreach (var (name, tensor) in model.State()) names.TryAdd(tensor, name);
        foreach (var (path, module) in model.Descendants()) paths.TryAdd(module, path);
    }

    protected Module Model { get; }

    /// <summary>The parameters and buffers, each with its first path.</summary>
    protected IReadOnlyDictionary<Tensor, string> StateNames => names;

    /// <summary>Whether an op is computing.</summary>
    protected bool IsInOp => depth > 0;

    public sealed override void OnEnter(Module module) =>
        callers.Push(paths.GetValueOrDefault(module, callers.Peek()));

    public sealed override void OnLeave(Module module) => callers.Pop();

    public sealed override void OnApply(Op op, ReadOnlySpan<Tensor> inputs, Tensor y)
    {
        if (depth == 0) Add(op, inputs, y, PathOf(inputs));
    }

    public sealed override void OnBegin(Op op, Pass pass) => depth++;

    public sealed override void OnEnd(Op op, Pass pass) => depth--;

    /// <summary>An op that the module applies, before it computes its result.</summary>
    protected abstract void Add(Op op, ReadOnlySpan<Tensor> inputs, Tensor y, string path);

    /// <summary>The module's output; every module has its mode again afterwards.</summary>
    protected Tensor Invoke(Tensor x)
    {
        var outer = Current;
        using var noGrad = GradMode.NoGrad();
        using var evaluating = Model.Evaluating();
        Current = this;
        try
        {
            return Model.Invoke(x);
        }
        finally
        {
            Current = outer;
        }
    }

    /// <summary>What a message calls the layer at a path.</summary>
    protected string LayerName(string path) => path.Length > 0 ? path : Model.GetType().Name;

    /// <summary>The path of the module that is running; empty for the model itself.</summary>
    protected string Caller => callers.Peek();

    /// <summary>
    /// The calling module's path; or that of the layer within whose parameter the op reads, which a
    /// <c>Sequential</c> has run without a call, in one op with the next.
    /// </summary>
    private string PathOf(ReadOnlySpan<Tensor> inputs)
    {
        var caller = callers.Peek();
        foreach (var input in inputs)
            if (names.TryGetValue(input, out var name) && name.LastIndexOf('.') is > 0 and var end
                && (caller.Length == 0 || name.StartsWith($"{caller}.", StringComparison.Ordinal)))
                return name[..end];
        return caller;
    }
}

namespace PyNetSharp;

/// <summary>Which of an op's computations runs.</summary>
internal enum Pass
{
    /// <summary>The result from the inputs.</summary>
    Forward,

    /// <summary>The gradients of all inputs.</summary>
    Backward,

    /// <summary>Within <see cref="Backward"/>: the gradient of the first input.</summary>
    InputGradient,

    /// <summary>Within <see cref="Backward"/>: the gradients of the weight and the bias.</summary>
    WeightGradient,
}

/// <summary>
/// Called at the start and end of every pass of every op on its thread: what a profiler or a tracer derives from.
/// </summary>
/// <remarks>Passes nest: a backward pass has parts, and may apply ops of its own.</remarks>
internal abstract class OpObserver
{
    [ThreadStatic] private static OpObserver? current;

    /// <summary>This thread's observer; null, which costs next to nothing, unless a profiler sets it.</summary>
    public static OpObserver? Current { get => current; set => current = value; }

    /// <summary>
    /// Called before the op computes its result, <paramref name="y"/>, whose shape is known and whose content is not.
    /// </summary>
    public abstract void OnApply(Op op, ReadOnlySpan<Tensor> inputs, Tensor y);

    /// <summary>Called before an op of a <see cref="CompiledModel"/> computes its result again.</summary>
    public virtual void OnRepeat(Op op, ReadOnlySpan<Tensor> inputs, Tensor y)
    {
    }

    public abstract void OnBegin(Op op, Pass pass);

    public abstract void OnEnd(Op op, Pass pass);

    /// <summary>Called before the elements of a tensor are copied to the host.</summary>
    public virtual void OnRead(Tensor tensor)
    {
    }

    /// <summary>Called before a module computes its function.</summary>
    public virtual void OnEnter(Module module)
    {
    }

    /// <summary>Called when it has computed it and its hooks were called, or when it has thrown.</summary>
    public virtual void OnLeave(Module module)
    {
    }

    /// <summary>Calls <see cref="OnBegin"/> of this thread's observer, and <see cref="OnEnd"/> when disposed.</summary>
    public static OpScope BeginScope(Op op, Pass pass) => new(op, pass, current);

    /// <summary>
    /// Calls <see cref="OnEnter"/> of this thread's observer, and <see cref="OnLeave"/> when disposed.
    /// </summary>
    public static ModuleScope EnterScope(Module module) => new(module, current);

    internal readonly ref struct ModuleScope
    {
        private readonly Module module;
        private readonly OpObserver? observer;

        public ModuleScope(Module module, OpObserver? observer)
        {
            (this.module, this.observer) = (module, observer);
            observer?.OnEnter(module);
        }

        public void Dispose() => observer?.OnLeave(module);
    }

    internal readonly ref struct OpScope
    {
        private readonly Op op;
        private readonly Pass pass;
        private readonly OpObserver? observer;

        public OpScope(Op op, Pass pass, OpObserver? observer)
        {
            (this.op, this.pass, this.observer) = (op, pass, observer);
            observer?.OnBegin(op, pass);
        }

        public void Dispose() => observer?.OnEnd(op, pass);
    }
}

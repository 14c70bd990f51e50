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
/// Called at the start and end of every pass of every op on its thread: what a profiler derives from.
/// </summary>
/// <remarks>Passes nest: a backward pass has parts, and may apply ops of its own.</remarks>
internal abstract class OpObserver
{
    [ThreadStatic] private static OpObserver? current;

    /// <summary>This thread's observer; null, which costs next to nothing, unless a profiler sets it.</summary>
    public static OpObserver? Current { get => current; set => current = value; }

    /// <summary>Called before the op computes its result, of shape <paramref name="y"/>.</summary>
    public abstract void OnApply(Op op, ReadOnlySpan<Tensor> inputs, Shape y);

    public abstract void OnBegin(Op op, Pass pass);

    public abstract void OnEnd(Op op, Pass pass);

    /// <summary>Calls <see cref="OnBegin"/> of this thread's observer, and <see cref="OnEnd"/> when disposed.</summary>
    public static OpScope BeginScope(Op op, Pass pass) => new(op, pass, current);

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

namespace PyNetSharp;

/// <summary>Which of an op's computations runs.</summary>
internal enum Pass
{
    /// <summary>The result from the inputs.</summary>
    Forward,

    /// <summary>The gradients of the inputs; whatever is not one of the two below.</summary>
    Backward,

    /// <summary>Within <see cref="Backward"/>: the gradient by the first input.</summary>
    InputGradient,

    /// <summary>Within <see cref="Backward"/>: the gradient by the parameters.</summary>
    WeightGradient,
}

/// <summary>
/// Is told of every computation of an op on its thread, so that a profile learns where the time goes.
/// </summary>
/// <remarks>Computations nest: a gradient has parts, and may apply ops of its own.</remarks>
internal abstract class OpObserver
{
    [ThreadStatic] private static OpObserver? current;

    /// <summary>This thread's observer; null, and next to nothing is spent on it, unless somebody profiles.</summary>
    public static OpObserver? Current { get => current; set => current = value; }

    /// <summary>The op is about to compute its result, of shape <paramref name="y"/>.</summary>
    public abstract void OnApply(Op op, ReadOnlySpan<Tensor> inputs, Shape y);

    public abstract void OnBegin(Op op, Pass pass);

    public abstract void OnEnd(Op op, Pass pass);

    /// <summary>
    /// Tells the observer, if there is one, that a computation begins, and when disposed that it has ended.
    /// </summary>
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

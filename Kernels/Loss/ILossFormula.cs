namespace PyNetSharp.Kernels;

/// <summary>
/// A loss of one number x against its target t, from which <see cref="ElementwiseLossOp{TFormula}"/> makes an op.
/// </summary>
internal interface ILossFormula
{
    /// <summary>The op's name in messages.</summary>
    static abstract string Name { get; }

    /// <summary>The loss.</summary>
    T F<T>(T x, T t) where T : struct, IReal<T>;

    /// <summary>Its derivative by x.</summary>
    T DInput<T>(T x, T t) where T : struct, IReal<T>;

    /// <summary>Its derivative by t.</summary>
    T DTarget<T>(T x, T t) where T : struct, IReal<T>;
}

/// <inheritdoc cref="StatelessUnary{TFormula}"/>
internal readonly struct StatelessLoss<TFormula>(int unused) : ILossFormula where TFormula : unmanaged, ILossFormula
{
    private readonly int unused = unused;

    public static string Name => TFormula.Name;

    public T F<T>(T x, T t) where T : struct, IReal<T> => default(TFormula).F(x, t);

    public T DInput<T>(T x, T t) where T : struct, IReal<T> => default(TFormula).DInput(x, t);

    public T DTarget<T>(T x, T t) where T : struct, IReal<T> => default(TFormula).DTarget(x, t);
}

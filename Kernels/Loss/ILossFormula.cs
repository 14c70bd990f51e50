namespace PyNetSharp.Kernels;

/// <summary>
/// A loss of one number x against its target t, from which <see cref="ElementwiseLossOp{TFormula}"/> makes an op.
/// </summary>
/// <remarks>
/// A struct with at least one field, because kernels have it as an argument: an empty struct has another size for
/// ILGPU than for .NET.
/// </remarks>
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

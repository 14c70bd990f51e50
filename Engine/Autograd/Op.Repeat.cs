namespace PyNetSharp;

/// <content>Computing again, for a <see cref="CompiledModel"/>.</content>
public abstract partial class Op
{
    /// <summary>
    /// Whether <see cref="Forward"/> is a pure function, which a <see cref="CompiledModel"/> may call many times, also
    /// on copies of the op at once: its result follows from the inputs' content and from what the constructor and
    /// <see cref="Infer"/> have kept, and it changes nothing but the result and fields of this op. False unless
    /// overridden.
    /// </summary>
    /// <remarks>Arrays and other objects that fields refer to are shared by the copies.</remarks>
    protected internal virtual bool IsPure => false;

    /// <summary>
    /// An op that computes this one and then another, of this one's result alone; null if there is none.
    /// </summary>
    /// <param name="next">Its first input is this op's result.</param>
    /// <param name="constants">
    /// This op's inputs that are not computed from the model's input; null for the others.
    /// </param>
    /// <param name="nextConstants">The same of <paramref name="next"/>; all but the first are given.</param>
    /// <param name="exactly">Whether every bit of the result must stay.</param>
    internal virtual FusedOp? FuseWith(
        Op next, ReadOnlySpan<Tensor?> constants, ReadOnlySpan<Tensor?> nextConstants, bool exactly) => null;

    /// <summary>A copy with fields of its own, as this op was when <see cref="Infer"/> had run.</summary>
    internal Op Copy() => (Op)MemberwiseClone();

    /// <summary>Computes the result again, of inputs with the same shapes. Nothing is checked or recorded.</summary>
    internal void Repeat(ReadOnlySpan<Tensor> inputs, Tensor y)
    {
        OpObserver.Current?.OnRepeat(this, inputs, y);
        y.BumpVersion();
        current = y;
        using (OpObserver.BeginScope(this, Pass.Forward)) Forward(inputs, y);
        current = null;
    }
}

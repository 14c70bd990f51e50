namespace PyNetSharp;

/// <summary>A layer or a network of two inputs, such as a decoder that also takes an encoder's features.</summary>
/// <typeparam name="T1">The first input's type: a <see cref="Tensor"/>, or anything else.</typeparam>
/// <typeparam name="T2">The second input's type.</typeparam>
/// <remarks>
/// In all else a <see cref="Module"/>: it is held by others, and its state is theirs. A module that returns more than
/// one tensor, or takes more than three inputs, derives from <see cref="Module"/> and has a public method of its own;
/// forward hooks are not called there.
/// </remarks>
/// <example><code>
/// public sealed class Bilinear(Rng rng) : Module&lt;Tensor, Tensor&gt;
/// {
///     private readonly Linear left = new(20, 30, rng), right = new(40, 30, rng);
///
///     protected override Tensor Forward(Tensor a, Tensor b) =&gt; left.Forward(a) * right.Forward(b);
/// }
///
/// var y = new Bilinear(rng).Forward(a, b);
/// </code></example>
public abstract class Module<T1, T2> : Module
{
    /// <inheritdoc/>
    internal sealed override bool TakesOneTensor => false;

    /// <summary>Computes the module's function; callers use the extension method of this name.</summary>
    protected abstract Tensor Forward(T1 x1, T2 x2);

    /// <inheritdoc cref="Module.RegisterForwardHook(Action{Module, Tensor, Tensor})"/>
    public IDisposable RegisterForwardHook(Action<Module, (T1, T2), Tensor> hook) =>
        AddForwardHook<(T1, T2)>(hook);

    /// <inheritdoc cref="Module.RegisterForwardHook(Func{Module, Tensor, Tensor, Tensor?})"/>
    public IDisposable RegisterForwardHook(Func<Module, (T1, T2), Tensor, Tensor?> hook) =>
        AddForwardHook(hook);

    internal Tensor Invoke(T1 x1, T2 x2)
    {
        using var scope = OpObserver.EnterScope(this);
        try
        {
            var y = Forward(x1, x2);
            return HasForwardHooks ? CallForwardHooks((x1, x2), y, [x1, x2]) : y;
        }
        catch (ShapeException error)
        {
            error.Leave(this);
            throw;
        }
    }
}

/// <summary>A layer or a network of three inputs; as <see cref="Module{T1, T2}"/>.</summary>
/// <typeparam name="T1">The first input's type: a <see cref="Tensor"/>, or anything else.</typeparam>
/// <typeparam name="T2">The second input's type.</typeparam>
/// <typeparam name="T3">The third input's type.</typeparam>
public abstract class Module<T1, T2, T3> : Module
{
    /// <inheritdoc/>
    internal sealed override bool TakesOneTensor => false;

    /// <summary>Computes the module's function; callers use the extension method of this name.</summary>
    protected abstract Tensor Forward(T1 x1, T2 x2, T3 x3);

    /// <inheritdoc cref="Module.RegisterForwardHook(Action{Module, Tensor, Tensor})"/>
    public IDisposable RegisterForwardHook(Action<Module, (T1, T2, T3), Tensor> hook) =>
        AddForwardHook<(T1, T2, T3)>(hook);

    /// <inheritdoc cref="Module.RegisterForwardHook(Func{Module, Tensor, Tensor, Tensor?})"/>
    public IDisposable RegisterForwardHook(Func<Module, (T1, T2, T3), Tensor, Tensor?> hook) =>
        AddForwardHook(hook);

    internal Tensor Invoke(T1 x1, T2 x2, T3 x3)
    {
        using var scope = OpObserver.EnterScope(this);
        try
        {
            var y = Forward(x1, x2, x3);
            return HasForwardHooks ? CallForwardHooks((x1, x2, x3), y, [x1, x2, x3]) : y;
        }
        catch (ShapeException error)
        {
            error.Leave(this);
            throw;
        }
    }
}

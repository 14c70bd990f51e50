namespace PyNetSharp;

/// <content>Calls of the module, and forward hooks.</content>
public abstract partial class Module
{
    private static int forwardHookCount;

    private Func<Module, object?, Tensor, Tensor?>[] forwardHooks = [];     // replaced, never changed

    /// <summary>How many forward hooks all modules have been given so far.</summary>
    internal static int ForwardHookCount => Volatile.Read(ref forwardHookCount);

    /// <summary>Whether forward hooks are registered on this module itself.</summary>
    public bool HasForwardHooks => forwardHooks.Length > 0;

    /// <summary>Whether the module's function is that of one tensor.</summary>
    internal virtual bool TakesOneTensor => true;

    /// <summary>
    /// From now on calls <paramref name="hook"/> (module, input, output) each time the module has been called, hooks in
    /// the order of their registration, until the result is disposed.
    /// </summary>
    /// <param name="hook">
    /// The output is an op's result as any other: it is released after its last use, so a hook that does not read it at
    /// once keeps it by <see cref="Tensor.Keep"/> (and then each call's memory lasts until the garbage collector has
    /// run) or copies its values.
    /// </param>
    /// <returns>Removes the hook when it is disposed.</returns>
    /// <exception cref="NotSupportedException">
    /// The module takes several inputs: hooks that take them are registered on its own type.
    /// </exception>
    /// <remarks>
    /// Hooks are called wherever the module is called: by a user, by <c>Sequential</c> (which then does not run it in
    /// one op with a ReLU), by a trainer. They are not called where a class calls its own or its base class's
    /// <c>Forward</c>, as in PyTorch. Without hooks nothing is spent.
    /// </remarks>
    /// <example><code>
    /// using (net["conv1"].RegisterForwardHook((_, _, y) =&gt; means.Add(y.Mean().Item()))) net.Forward(x);
    /// </code></example>
    public IDisposable RegisterForwardHook(Action<Module, Tensor, Tensor> hook) => AddForwardHook<Tensor>(hook);

    /// <summary>
    /// As the other overload; what <paramref name="hook"/> returns takes the place of the output, unless it is null.
    /// </summary>
    /// <param name="hook">
    /// Returns null, the output itself, or another tensor; the output is then released (see <see cref="Tensor.Keep"/>).
    /// </param>
    /// <returns>Removes the hook when it is disposed.</returns>
    /// <exception cref="NotSupportedException">The module takes several inputs.</exception>
    public IDisposable RegisterForwardHook(Func<Module, Tensor, Tensor, Tensor?> hook) => AddForwardHook(hook);

    /// <summary>
    /// As the other overloads, for a <paramref name="hook"/> (module, output) that does not read the input: it fits
    /// modules of any number of inputs.
    /// </summary>
    /// <returns>Removes the hook when it is disposed.</returns>
    /// <example><code>
    /// foreach (var (path, module) in net.Descendants())
    ///     module.RegisterForwardHook((_, y) =&gt; Console.WriteLine($"{path} {y.Shape}"));
    /// </code></example>
    public IDisposable RegisterForwardHook(Action<Module, Tensor> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return Add((module, _, output) =>
        {
            hook(module, output);
            return null;
        });
    }

    /// <summary>Computes the module's function; callers use the extension method of this name.</summary>
    /// <param name="x">The input; its shape is the class's matter.</param>
    /// <returns>The output.</returns>
    /// <exception cref="NotSupportedException">The class has not overridden it.</exception>
    protected virtual Tensor Forward(Tensor x) => throw new NotSupportedException(
        $"{TypeName}.Forward(Tensor) is not implemented: the class holds modules, or takes other inputs. A module of " +
        "one tensor overrides 'protected override Tensor Forward(Tensor x)'.");

    /// <summary>
    /// Calls the module and its hooks; a <see cref="ShapeException"/> gets the path from the outermost module called.
    /// </summary>
    internal Tensor Invoke(Tensor x)
    {
        using var scope = OpObserver.EnterScope(this);
        try
        {
            var y = Forward(x);
            return HasForwardHooks ? CallForwardHooks(x, y, [x]) : y;
        }
        catch (ShapeException error)
        {
            error.Leave(this);
            throw;
        }
    }

    private protected IDisposable AddForwardHook<TInput>(Action<Module, TInput, Tensor> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return AddForwardHook<TInput>((module, input, output) =>
        {
            hook(module, input, output);
            return null;
        });
    }

    private protected IDisposable AddForwardHook<TInput>(Func<Module, TInput, Tensor, Tensor?> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        if (typeof(TInput) == typeof(Tensor) && !TakesOneTensor)
            throw new NotSupportedException(
                $"{TypeName} takes several inputs; a hook on a variable of this type is (module, inputs, output).");
        return Add((module, input, output) => hook(module, (TInput)input!, output));
    }

    /// <param name="input">The input, or a tuple of the inputs.</param>
    /// <param name="y">The output.</param>
    /// <param name="inputs">The inputs, which are the caller's and not released.</param>
    private protected Tensor CallForwardHooks(object? input, Tensor y, params ReadOnlySpan<object?> inputs)
    {
        foreach (var hook in forwardHooks)
        {
            var replacement = hook(this, input, y);
            if (replacement is null || ReferenceEquals(replacement, y)) continue;
            var isInput = false;
            foreach (var one in inputs) isInput |= ReferenceEquals(one, y);
            if (!isInput) y.Release();
            y = replacement;
        }

        return y;
    }

    private ForwardHookHandle Add(Func<Module, object?, Tensor, Tensor?> hook)
    {
        forwardHooks = [.. forwardHooks, hook];
        Interlocked.Increment(ref forwardHookCount);
        return new(this, hook);
    }

    private sealed class ForwardHookHandle(Module module, Func<Module, object?, Tensor, Tensor?> hook) : IDisposable
    {
        public void Dispose() => module.forwardHooks = [.. module.forwardHooks.Where(other => other != hook)];
    }
}

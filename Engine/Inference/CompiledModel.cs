using System.Globalization;
using System.Text;

namespace PyNetSharp;

/// <summary>
/// A module's function in evaluation mode, for inputs of one shape: the ops in a fixed order, over memory that was
/// divided once. See <see cref="CompileExtensions"/>.
/// </summary>
/// <remarks>
/// <para>
/// A run applies no layer and records nothing: it computes the ops that the module has applied when it was compiled, so
/// it takes neither memory nor time for anything else. Parameters and buffers are read where they are: what an
/// optimizer, a training step or <c>Load</c> has written is in the results of the next run. What else would change the
/// module's function (another layer, <c>To</c>) needs another <c>Compile</c>.
/// </para>
/// <para>
/// Several threads may run at once: each uses memory of its own, which is allocated at the first need and kept. The
/// module must not be changed meanwhile.
/// </para>
/// </remarks>
/// <example><code>
/// using var compiled = model.Compile([1, 3, 32, 32]);
/// compiled.Run(pixels, logits);
/// </code></example>
public sealed class CompiledModel : IDisposable
{
    private readonly Lock poolLock = new();
    private readonly Stack<PlanExecution> idle = new();
    private readonly string name;
    private readonly InferencePlan plan;
    private readonly (Tensor Tensor, Storage Storage)[] state;
    private readonly Module[] modules;
    private int hookCount = Module.ForwardHookCount;        // when no module had one
    private int executions;
    private bool isDisposed;

    internal CompiledModel(Module model, InferencePlan plan, Device device)
    {
        (name, this.plan, Device) = (model.GetType().Name, plan, device);
        state = [.. model.State().Select(s => (s.Tensor, s.Tensor.Storage))];
        modules = [.. model.Descendants().Select(d => d.Module)];
    }

    /// <summary>The shape of every input.</summary>
    public Shape InputShape => plan.Input.Shape;

    /// <summary>The shape of every output.</summary>
    public Shape OutputShape => plan.Output.Shape;

    /// <summary>Where it computes: the module's device.</summary>
    public Device Device { get; }

    /// <summary>The number of ops that a run computes.</summary>
    public int StepCount => plan.Steps.Count;

    /// <summary>
    /// The bytes of the device's memory that it holds: for intermediate results, one block for each of the threads that
    /// have run at once, and for the weights of folded layers.
    /// </summary>
    public long Memory => sizeof(float) * (
        Volatile.Read(ref executions) * plan.ArenaSize
        + plan.Derived.Sum(derived => derived.Results.Sum(result => (long)result.Shape.Size)));

    /// <summary>
    /// Computes the output of an input. On a CPU it allocates nothing, once as many threads have run before.
    /// </summary>
    /// <param name="input">As many numbers as <see cref="InputShape"/>, in logical row-major order: N, C, H, W.</param>
    /// <param name="output">Overwritten: as many as <see cref="OutputShape"/>, in the same order.</param>
    /// <exception cref="ArgumentException">One has another length.</exception>
    /// <exception cref="InvalidOperationException">It is not current: see <see cref="IsCurrent"/>.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public void Run(ReadOnlySpan<float> input, Span<float> output)
    {
        CheckLength(input.Length, InputShape, nameof(input));
        CheckLength(output.Length, OutputShape, nameof(output));
        var execution = Rent();
        try
        {
            execution.Input.CopyFrom(input);
            execution.Compute();
            execution.Output.CopyTo(output);
        }
        finally
        {
            Return(execution);
        }
    }

    /// <summary>
    /// Whether a run computes what the module does: false after the module was moved to another device, and while a
    /// module in it has a forward hook. A run throws then.
    /// </summary>
    public bool IsCurrent => Fault is null;

    /// <summary>Computes the output of an input. Nothing is recorded for gradients.</summary>
    /// <param name="x">Of <see cref="InputShape"/>, on <see cref="Device"/>.</param>
    /// <returns>
    /// A new tensor of <see cref="OutputShape"/>; <see cref="Tensor.Release"/> frees it before the garbage collector.
    /// </returns>
    /// <exception cref="ShapeException">The input has another shape.</exception>
    /// <exception cref="ArgumentException">It is on another device.</exception>
    /// <exception cref="InvalidOperationException">It is not current: see <see cref="IsCurrent"/>.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public Tensor Run(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Shape != InputShape)
            throw new ShapeException($"Run: {name} is compiled for an input {InputShape}, got {x.Shape}.");
        if (x.Device != Device)
            throw new ArgumentException(
                $"Run: {name} is compiled for {Device}, the input is on {x.Device.DistinctName(Device)}.", nameof(x));
        var execution = Rent();
        try
        {
            Copy(x, execution.Input);
            execution.Compute();
            var y = new Tensor(OutputShape, Device);
            Copy(execution.Output, y);
            y.RetainForCaller();
            return y;
        }
        finally
        {
            Return(execution);
        }
    }

    /// <summary>Frees its memory; that of a run that another thread has not finished, when it has.</summary>
    public void Dispose()
    {
        lock (poolLock)
        {
            if (isDisposed) return;
            isDisposed = true;
            if (executions == 0) plan.Release();
            while (idle.TryPop(out var execution)) Free(execution);
        }
    }

    /// <summary>The steps, each with its layer, op and result.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{name} for {InputShape} on {Device}: {StepCount} steps, ");
        text.Append(CultureInfo.InvariantCulture, $"{plan.ArenaSize * sizeof(float):N0} bytes of intermediate results");
        var width = plan.Steps.Select(step => step.Layer.Length).DefaultIfEmpty().Max();
        foreach (var step in plan.Steps)
            text.Append(
                CultureInfo.InvariantCulture,
                $"\n  {step.Layer.PadRight(width)}  {step.Name} {step.Output.Shape}");
        return text.ToString();
    }

    private static void Copy(Tensor from, Tensor to)
    {
        to.BumpVersion();
        to.Device.Copy(from.Storage, to.Storage, to.Shape.Size);
        GC.KeepAlive(from);
    }

    private void CheckLength(int length, Shape shape, string parameter)
    {
        if (length != shape.Size)
            throw new ArgumentException(
                FormattableString.Invariant(
                    $"Run: {name} is compiled for an {parameter} {shape} of {shape.Size} numbers, got {length}."),
                parameter);
    }

    private PlanExecution Rent()
    {
        lock (poolLock)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            if (Fault is { } fault) throw new InvalidOperationException($"Run: {fault}");
            UpdateDerived();
            if (idle.TryPop(out var execution)) return execution;
            executions++;
        }

        try
        {
            return new(plan, Device);
        }
        catch
        {
            lock (poolLock) executions--;
            throw;
        }
    }

    private void Return(PlanExecution execution)
    {
        lock (poolLock)
        {
            if (isDisposed) Free(execution);
            else idle.Push(execution);
        }
    }

    private void Free(PlanExecution execution)
    {
        execution.Free();
        executions--;
        if (executions == 0) plan.Release();
    }

    /// <summary>Why the module computes something else by now; null if it does not.</summary>
    private string? Fault
    {
        get
        {
            foreach (var (tensor, storage) in state)
                if (tensor.Storage != storage)
                    return $"{name} was moved from {Device} after it was compiled; compile it again.";
            var count = Module.ForwardHookCount;
            if (count == hookCount) return null;
            foreach (var module in modules)
                if (module.HasForwardHooks)
                    return $"a {module.GetType().Name} of {name} has a forward hook, which a run would not call.";
            hookCount = count;
            return null;
        }
    }

    private void UpdateDerived()
    {
        for (var i = 0; i < plan.Derived.Count; i++)
            if (!plan.Derived[i].IsCurrent)
                plan.Derived[i].Update();
    }
}

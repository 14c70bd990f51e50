using System.Globalization;
using System.Runtime.InteropServices;

namespace PyNetSharp;

/// <summary>Inference without the cost of layers and graphs.</summary>
public static class CompileExtensions
{
    extension(Module model)
    {
        /// <summary>
        /// Prepares the module's function in evaluation mode for inputs of one shape, so that running it allocates
        /// nothing: one image at a time, or a small network, is then much faster.
        /// </summary>
        /// <param name="inputShape">The shape of every input, with the batch: [1, 3, 32, 32] for single images.</param>
        /// <param name="foldBatchNorm">
        /// Whether a batch normalization is computed by the convolution or the linear layer before it, whose weights
        /// are multiplied by γ/√(σ² + ε): no pass over memory, but other roundings. Without it, every bit of the output
        /// is that of <c>model.Forward</c>; with it, the outputs differ by about as much as the same sums in another
        /// order would.
        /// </param>
        /// <returns>To be disposed, which frees its memory. The module stays as it is, and keeps its mode.</returns>
        /// <exception cref="ShapeException">The shape does not fit the module.</exception>
        /// <exception cref="NotSupportedException">
        /// The module does not always apply the same ops to its input and to its own state alone: it draws random
        /// numbers in evaluation too, reads numbers of a tensor (as an embedding reads its ids), changes its state, or
        /// has forward hooks, which a run would not call; or it takes several inputs. The message names the layer.
        /// </exception>
        /// <exception cref="InvalidOperationException">As for <see cref="Module.State"/>.</exception>
        /// <remarks>
        /// The module is run twice on random numbers: once to record its ops, once to compare its output with that of
        /// the recorded ops. It must not be used by another thread meanwhile.
        /// </remarks>
        /// <example><code>
        /// using var compiled = model.Compile([1, 3, 32, 32]);
        /// var logits = new float[compiled.OutputShape.Size];
        /// compiled.Run(pixels, logits);
        /// </code></example>
        public CompiledModel Compile(Shape inputShape, bool foldBatchNorm = true)
        {
            ArgumentNullException.ThrowIfNull(model);
            ArgumentNullException.ThrowIfNull(inputShape);
            foreach (var (path, module) in model.Descendants())
                if (module.HasForwardHooks)
                    throw new NotSupportedException(
                        $"Compile: {(path.Length > 0 ? path : module.GetType().Name)} has a forward hook, which a " +
                        "run would not call; dispose it before.");

            var device = model.State() is [var (_, tensor), ..] ? tensor.Device : Device.Cpu;
            var plan = Trace(model, inputShape, device);
            try
            {
                plan.Fuse(exactly: true);
                CheckSize(model, plan);
                Verify(model, plan, device);
                if (foldBatchNorm) plan.Fuse(exactly: false);
                return new(model, plan, device);
            }
            catch
            {
                plan.Release();
                throw;
            }
        }
    }

    private static InferencePlan Trace(Module model, Shape inputShape, Device device)
    {
        var rng = new Rng(1);
        var x = Draw(inputShape, rng.NextNormal, device);
        var plan = InferenceTracer.Run(model, x, out var y);
        if (y != x) y.Release();
        x.ReleaseRetained();
        return plan;
    }

    /// <summary>A retained tensor of random numbers.</summary>
    private static Tensor Draw(Shape shape, Func<float> next, Device device)
    {
        var x = new Tensor(shape, device);
        x.Retain();
        x.Fill(next);
        return x;
    }

    private static void CheckSize(Module model, InferencePlan plan)
    {
        const long limit = (long)int.MaxValue * sizeof(float);
        if (plan.ArenaSize > int.MaxValue)
            throw new NotSupportedException(string.Create(
                CultureInfo.InvariantCulture,
                $"Compile: {model.GetType().Name} has {plan.ArenaSize * sizeof(float):N0} bytes of intermediate " +
                $"results at once for an input {plan.Input.Shape}, more than {limit:N0}; use a smaller batch."));
    }

    /// <summary>Compares the plan's output with the module's, for another input than the one of the trace.</summary>
    private static void Verify(Module model, InferencePlan plan, Device device)
    {
        var rng = new Rng(2);
        var x = Draw(plan.Input.Shape, () => rng.NextFloat(0, 1), device);      // roots and logarithms are numbers
        float[] expected;
        using (GradMode.NoGrad())
        using (model.Evaluating())
        {
            var y = model.Invoke(x);
            expected = y.ToArray();
            if (y != x) y.Release();
        }

        var actual = new float[plan.Output.Shape.Size];
        var execution = new PlanExecution(plan, device);
        try
        {
            execution.Input.CopyFrom(x.ToArray());
            execution.Compute();
            execution.Output.CopyTo(actual);
            x.ReleaseRetained();
        }
        finally
        {
            execution.Free();
        }

        if (MemoryMarshal.AsBytes<float>(actual).SequenceEqual(MemoryMarshal.AsBytes<float>(expected))) return;
        throw new NotSupportedException(
            $"Compile: the ops that {model.GetType().Name} has applied to one input do not compute its output for " +
            "another: what it does depends on its input, on what it did before, or on chance." +
            (plan.ConstantReader is { } reader ? $" {reader}" : ""));
    }
}

namespace PyNetSharp;

/// <summary>Compares gradients with differences of the function, as torch.autograd.gradcheck does.</summary>
/// <remarks>
/// <para>
/// The function is multiplied by random numbers, which makes a scalar of its result, and its derivative along random
/// directions is compared: ⟨gradient, t⟩ with (f(x + h·t) − f(x − h·t)) / 2h. A gradient that is wrong anywhere is
/// wrong along a random direction. Several steps h are tried, and the one is taken whose difference changes least when
/// it is halved; that change bounds the error of the difference, which in single precision is from 10⁻⁵ to 10⁻³ of the
/// value.
/// </para>
/// <para>
/// At a kink (ReLU at 0) there is no derivative: draw inputs that keep away from them, or expect a larger error.
/// Afterwards all tensors have the content and the gradients that they had before.
/// </para>
/// </remarks>
/// <example>
/// <code>
/// GradientCheck.Of(x => x[0].MatMul(x[1]).Silu(), a, b).ThrowIfFailed();
/// Console.WriteLine(GradientCheck.Of(network, images));
/// </code>
/// </example>
public static class GradientCheck
{
    private static readonly double[] Steps = [1.0 / 4, 1.0 / 16, 1.0 / 64, 1.0 / 256, 1.0 / 1024];

    /// <summary>Checks the gradient of each input.</summary>
    /// <param name="function">
    /// The result of any shape, computed from the inputs; the same at each call, so without dropout.
    /// </param>
    /// <param name="inputs">At least one; leaves, not the results of ops.</param>
    /// <exception cref="ArgumentException">There are no inputs, or one is the result of an op.</exception>
    /// <exception cref="InvalidOperationException">Two calls of the function give different results.</exception>
    public static GradientReport Of(Func<Tensor[], Tensor> function, params Tensor[] inputs)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(inputs);
        return Check(() => function(inputs), [.. inputs.Select((x, i) => ($"input {i}", x))]);
    }

    /// <summary>Checks the gradient of the input and of each parameter that is not frozen.</summary>
    /// <param name="module">
    /// In the mode that it is in. Dropout must be in evaluation mode; batch norm may be in either, and its running
    /// statistics are restored.
    /// </param>
    /// <param name="input">What <see cref="Module.Forward"/> is called with; a leaf.</param>
    /// <exception cref="ArgumentException">The input is the result of an op.</exception>
    /// <exception cref="InvalidOperationException">Two calls of the module give different results.</exception>
    public static GradientReport Of(Module module, Tensor input) => Of(module, input, module.Forward);

    /// <summary>As the other form, for the loss of a module, or any function of its result.</summary>
    /// <param name="module">Whose parameters are checked.</param>
    /// <param name="input">A leaf.</param>
    /// <param name="function">
    /// What is differentiated, computed from the input: <c>x => model.Forward(x).CrossEntropy(labels)</c>.
    /// </param>
    /// <exception cref="ArgumentException">The input is the result of an op.</exception>
    /// <exception cref="InvalidOperationException">Two calls of the function give different results.</exception>
    public static GradientReport Of(Module module, Tensor input, Func<Tensor, Tensor> function)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(function);
        var buffers = module.State().Where(state => state.Tensor is not Parameter)
            .Select(state => (state.Tensor, Content: state.Tensor.ToArray())).ToArray();
        try
        {
            var parameters = module.State().Where(state => state.Tensor is Parameter { RequiresGrad: true });
            return Check(() => function(input), [("input", input), .. parameters]);
        }
        finally
        {
            foreach (var (tensor, content) in buffers) tensor.CopyFrom(content);
        }
    }

    private static GradientReport Check(Func<Tensor> function, (string Name, Tensor Tensor)[] tensors)
    {
        if (tensors.Length == 0) throw new ArgumentException("GradientCheck: there are no inputs.");
        foreach (var (name, tensor) in tensors)
        {
            ArgumentNullException.ThrowIfNull(tensor, name);
            if (tensor.GradFn is not null)
                throw new ArgumentException($"GradientCheck: {name} {tensor.Shape} is the result of an op, no leaf.");
        }

        var before = tensors.Select(t => (t.Tensor.Grad, t.Tensor.RequiresGrad)).ToArray();
        foreach (var (gradient, _) in before) gradient?.Keep();
        try
        {
            foreach (var (_, tensor) in tensors) (tensor.RequiresGrad, tensor.Grad) = (true, null);
            var weights = ComputeGradients(function);
            var gradients = tensors.Select(t => t.Tensor.Grad?.ToArray() ?? new float[t.Tensor.Shape.Size]).ToArray();
            CheckDeterminism(function, weights);
            var rng = new Rng(1984);
            return new([.. tensors.Zip(gradients, (t, gradient) => Row(function, weights, t, gradient, rng))]);
        }
        finally
        {
            foreach (var ((_, tensor), (gradient, requiresGrad)) in tensors.Zip(before))
                (tensor.Grad, tensor.RequiresGrad) = (gradient, requiresGrad);
        }
    }

    /// <summary>The weights that make a scalar of the result; its gradients are in the leaves then.</summary>
    private static float[] ComputeGradients(Func<Tensor> function)
    {
        var y = function();
        var seed = Tensor.Uniform(y.Shape, 0.5f, 1.5f, new(7), y.Device);
        var weights = seed.ToArray();
        if (!y.InGraph)
            throw new InvalidOperationException(
                $"GradientCheck: the result {y.Shape} is in no graph: it does not depend on what is checked, or was " +
                "computed under NoGrad.");
        y.Backward(seed);
        return weights;
    }

    private static void CheckDeterminism(Func<Tensor> function, float[] weights)
    {
        if (!Evaluate(function, weights).Equals(Evaluate(function, weights)))
            throw new InvalidOperationException(
                "GradientCheck: the function gives different results at two calls, as dropout in training mode does; " +
                "call Eval() before.");
    }

    private static GradientRow Row(
        Func<Tensor> function, float[] weights, (string Name, Tensor Tensor) checkedTensor, float[] gradient, Rng rng)
    {
        var (name, tensor) = checkedTensor;
        var content = tensor.ToArray();
        // In multiples of the content's size, which for a weight may be far from 1
        var scale = content.Length == 0 ? 1 : Math.Sqrt(content.Sum(v => (double)v * v) / content.Length);
        if (!(scale > 1e-6)) scale = 1;
        var direction = content.Select(_ => rng.NextFloat() < 0.5f ? -1f : 1f).ToArray();
        var analytic = gradient.Zip(direction, (g, t) => (double)g * t).Sum();

        try
        {
            var differences = Steps.Select(step => Difference(step * scale)).ToArray();
            var best = Enumerable.Range(1, Steps.Length - 1)
                .MinBy(i => Math.Abs(differences[i] - differences[i - 1]));
            var uncertainty = Math.Abs(differences[best] - differences[best - 1]);
            var size = Math.Sqrt(gradient.Sum(g => (double)g * g));
            return new(name, tensor.Shape, analytic, differences[best], uncertainty, size);
        }
        finally
        {
            tensor.CopyFrom(content);
        }

        double Difference(double step) => (ValueAt(+step) - ValueAt(-step)) / (2 * step);

        double ValueAt(double step)
        {
            tensor.CopyFrom([.. content.Zip(direction, (v, t) => (float)(v + step * t))]);
            return Evaluate(function, weights);
        }
    }

    private static double Evaluate(Func<Tensor> function, float[] weights)
    {
        using var noGrad = GradMode.NoGrad();
        var y = function();
        var sum = y.ToArray().Zip(weights, (v, w) => (double)v * w).Sum();
        y.Release();
        return sum;
    }
}

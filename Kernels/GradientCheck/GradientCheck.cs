using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Compares gradients with differences of the function, as torch.autograd.gradcheck does.</summary>
/// <remarks>
/// <para>
/// The function is multiplied by random numbers, which makes a scalar f of its result, and moved along directions t:
/// (f(x + h·t) − f(x − h·t)) / 2h must be the mean of ⟨gradient, t⟩ between the two points, which is taken at nine
/// of them. One direction is the gradient's own, elementwise its sign, along which a wrong scale shows best; the
/// others are random, along which a gradient shows that is wrong anywhere; most of five must agree. Several steps h
/// are tried until the error is small. So a smooth function's gradient that is off by 1 % is found; 0.1 % is taken
/// for rounding.
/// </para>
/// <para>
/// Kinks (ReLU at 0) between the points make it less sure, and more of an error is allowed then, up to 5 %: for a
/// sharper check replace max pooling and ReLU by smooth functions. Afterwards all tensors have the content, the
/// gradients and the <see cref="Tensor.RequiresGrad"/> that they had before, also after an error.
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
    private const int Directions = 5;

    /// <summary>Checks the gradient of each input.</summary>
    /// <param name="function">
    /// The result of any shape, computed from the inputs; the same at each call, so without dropout.
    /// </param>
    /// <param name="inputs">At least one; leaves, not the results of ops.</param>
    /// <exception cref="ArgumentException">There are no inputs, or one is the result of an op.</exception>
    /// <exception cref="InvalidOperationException">
    /// Two calls of the function give different results, its result depends on no input, or contains NaN or infinity.
    /// </exception>
    public static GradientReport Of(Func<Tensor[], Tensor> function, params Tensor[] inputs)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(inputs);
        return Check(() => function(inputs), [.. inputs.Select((x, i) => ($"input {i}", x))], module: null);
    }

    /// <summary>Checks the gradient of the input and of each parameter that is not frozen.</summary>
    /// <param name="module">
    /// In the mode that it is in. Dropout must be in evaluation mode; batch norm may be in either, and its running
    /// statistics are restored.
    /// </param>
    /// <param name="input">What <see cref="Module.Forward"/> is called with; a leaf.</param>
    /// <exception cref="ArgumentException">The input is the result of an op.</exception>
    /// <exception cref="InvalidOperationException">
    /// Two calls of the module give different results; the message names the layer. Or the result depends on nothing
    /// that is checked, or contains NaN or infinity.
    /// </exception>
    public static GradientReport Of(Module module, Tensor input) => Of(module, input, module.Forward);

    /// <summary>As the other form, for the loss of a module, or any function of its result.</summary>
    /// <param name="module">Whose parameters are checked.</param>
    /// <param name="input">A leaf.</param>
    /// <param name="function">
    /// What is differentiated, computed from the input: <c>x => model.Forward(x).CrossEntropy(labels)</c>.
    /// </param>
    /// <exception cref="ArgumentException">The input is the result of an op.</exception>
    /// <exception cref="InvalidOperationException">
    /// Two calls of the function give different results; the message names the layer. Or the result depends on nothing
    /// that is checked, or contains NaN or infinity.
    /// </exception>
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
            return Check(() => function(input), [("input", input), .. parameters], module);
        }
        finally
        {
            foreach (var (tensor, content) in buffers) tensor.CopyFrom(content);
        }
    }

    private static GradientReport Check(
        Func<Tensor> function, (string Name, Tensor Tensor)[] tensors, Module? module)
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
            var scalar = ComputeGradients(function, tensors, module);
            var gradients = tensors.Select(t => t.Tensor.Grad?.ToArray() ?? new float[t.Tensor.Shape.Size]).ToArray();
            CheckDeterminism(scalar, module);
            var rng = new Rng(1984);
            return new([.. tensors.Zip(gradients, (t, gradient) => Median(scalar, t.Name, t.Tensor, gradient, rng))]);
        }
        finally
        {
            foreach (var ((_, tensor), (gradient, requiresGrad)) in tensors.Zip(before))
                (tensor.Grad, tensor.RequiresGrad) = (gradient, requiresGrad);
        }
    }

    /// <summary>Computes the gradients, which are in the leaves then.</summary>
    private static WeightedFunction ComputeGradients(
        Func<Tensor> function, (string Name, Tensor Tensor)[] tensors, Module? module)
    {
        var y = function();
        FiniteCheck.Run(y, function, tensors, module);
        if (!y.InGraph)
            throw new InvalidOperationException(
                $"GradientCheck: the result {y.Shape} is in no graph: it does not depend on what is checked, or was " +
                "computed under NoGrad.");
        var scalar = new WeightedFunction(function, y);
        scalar.Differentiate();
        return scalar;
    }

    private static void CheckDeterminism(WeightedFunction function, Module? module)
    {
        if (function.Evaluate().Equals(function.Evaluate())) return;
        var where = module is null ? null : DifferenceBetweenCalls.Find(module, function);
        throw new InvalidOperationException(
            $"GradientCheck: {where ?? "the function"} gives different results at two calls, as dropout in training " +
            "mode does; call Eval() before.");
    }

    /// <summary>
    /// The median of the gradient's own direction and random ones: a kink may spoil one, a wrong gradient spoils most.
    /// </summary>
    private static GradientRow Median(
        WeightedFunction function, string name, Tensor tensor, float[] gradient, Rng rng)
    {
        var norm = Norm(gradient);
        var content = tensor.ToArray();
        var line = new LineIntegral(function, tensor, content);
        var rows = new List<GradientRow>();
        while (rows.Count < Directions && rows.Count(row => row.Passed) <= Directions / 2)
        {
            var direction = rows.Count == 0 ? SignOf(gradient, norm) : RandomSigns(content.Length, rng);
            var (analytic, numeric, uncertainty, rounding) = line.Along(direction, norm);
            rows.Add(new(name, tensor.Shape, analytic, numeric, uncertainty, rounding, norm));
        }

        var passed = rows.Count(row => row.Passed) > Directions / 2;
        return rows.Where(row => row.Passed == passed).MaxBy(row => row.Error - row.Allowed)!;
    }

    /// <summary>The gradient's signs, of such a length that the derivative along them is the gradient's norm.</summary>
    private static float[] SignOf(float[] gradient, double norm)
    {
        var sum = 0.0;
        foreach (var g in gradient) sum += Math.Abs((double)g);
        var length = sum > 0 ? (float)(norm / sum) : 0;
        var direction = new float[gradient.Length];
        for (var i = 0; i < direction.Length; i++)
            direction[i] = gradient[i] > 0 ? length : gradient[i] < 0 ? -length : 0;
        return direction;
    }

    private static float[] RandomSigns(int count, Rng rng)
    {
        var direction = new float[count];
        for (var i = 0; i < count; i++) direction[i] = rng.NextFloat() < 0.5f ? -1 : 1;
        return direction;
    }

    private static double Norm(float[] x) => Math.Sqrt(Dot(x, x));

    private static double Dot(float[] a, float[] b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += (double)a[i] * b[i];
        return sum;
    }
}

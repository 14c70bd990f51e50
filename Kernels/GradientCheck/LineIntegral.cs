namespace PyNetSharp.Kernels;

/// <summary>The function whose gradient is checked, made a scalar: the sum of its elements times weights.</summary>
internal sealed class WeightedFunction
{
    private readonly Func<Tensor> function;
    private readonly Tensor seed;
    private readonly float[] weights;

    /// <param name="function">The function of the tensors' current content.</param>
    /// <param name="value">What it yields.</param>
    public WeightedFunction(Func<Tensor> function, Tensor value)
    {
        this.function = function;
        seed = Tensor.Uniform(value.Shape, 0.5f, 1.5f, new(7), value.Device);
        weights = seed.ToArray();
        var sum = 0.0;
        foreach (var (v, w) in value.ToArray().Zip(weights)) sum += Math.Pow((double)v * w, 2);
        Rounding = Math.Sqrt(sum) / (1 << 24);
    }

    /// <summary>How far off the sum is if every element is rounded once, independently.</summary>
    public double Rounding { get; }

    public double Evaluate()
    {
        using var noGrad = GradMode.NoGrad();
        var y = function();
        var values = y.ToArray();
        y.Release();
        var sum = 0.0;
        for (var i = 0; i < values.Length; i++) sum += (double)values[i] * weights[i];
        return sum;
    }

    /// <summary>Adds the gradients to those of the leaves.</summary>
    public void Differentiate() => function().Backward(seed);
}

/// <summary>
/// Compares the gradient of a function by one tensor with the function: between two points on a line the function
/// changes by the integral of its gradient along the line.
/// </summary>
/// <remarks>
/// The integral is a sum over points by the midpoint rule. Unlike a difference quotient, it needs no small step: a
/// ReLU whose kink lies between the points is half of the time on either side, in the function and in the gradient.
/// </remarks>
internal sealed class LineIntegral(WeightedFunction function, Tensor tensor, float[] content)
{
    private const int Points = 9;                       // odd, so that the content itself is one
    private const int RoundingsPerElement = 8;          // within the function, before an element is rounded at last
    private const double Enough = 5e-4;                 // of the gradient's norm

    private static readonly double[] Steps = [1.0 / 16, 1.0 / 64, 1.0 / 256, 1.0 / 1024];

    // In multiples of the content's size, which for a weight may be far from 1
    private readonly double scale = SizeOf(content);
    private readonly float[] moved = new float[content.Length];

    /// <summary>
    /// The mean derivative by the gradient and by the function, how sure it is, and how far rounding may change it.
    /// </summary>
    public (double Analytic, double Numeric, double Uncertainty, double Rounding) Along(float[] direction, double norm)
    {
        try
        {
            var best = At(direction, Steps[0] * scale);
            foreach (var step in Steps.Skip(1))
            {
                if (best.Uncertainty + best.Rounding <= Enough * norm) break;
                var next = At(direction, step * scale);
                var (error, least) = (next.Uncertainty + next.Rounding, best.Uncertainty + best.Rounding);
                if (error < least || double.IsNaN(least)) best = next;
            }

            return best;
        }
        finally
        {
            tensor.CopyFrom(content);
        }
    }

    private (double Analytic, double Numeric, double Uncertainty, double Rounding) At(float[] direction, double step)
    {
        var numeric = (ValueAt(direction, step) - ValueAt(direction, -step)) / (2 * step);
        var slopes = new double[Points];
        for (var i = 0; i < Points; i++)
            slopes[i] = DerivativeAt(direction, step * (2 * i + 1 - Points) / Points);
        var jumps = 0.0;                                // twice, beside what grows in proportion to the distance
        for (var i = 1; i < Points - 1; i++) jumps += Math.Abs(slopes[i - 1] - 2 * slopes[i] + slopes[i + 1]);
        var uncertainty = jumps / (4 * Points);         // a jump may be half an interval away from where it is taken
        var rounding = RoundingsPerElement * function.Rounding / (2 * step);
        return (slopes.Sum() / Points, numeric, uncertainty, rounding);
    }

    private double ValueAt(float[] direction, double step)
    {
        Move(direction, step);
        return function.Evaluate();
    }

    private double DerivativeAt(float[] direction, double step)
    {
        Move(direction, step);
        tensor.Grad = null;
        function.Differentiate();
        var gradient = tensor.Grad?.ToArray() ?? [];
        var sum = 0.0;
        for (var i = 0; i < gradient.Length; i++) sum += (double)gradient[i] * direction[i];
        return sum;
    }

    private void Move(float[] direction, double step)
    {
        for (var i = 0; i < moved.Length; i++) moved[i] = (float)(content[i] + step * direction[i]);
        tensor.CopyFrom(moved);
    }

    /// <summary>The root mean square; 1 for zeros.</summary>
    private static double SizeOf(float[] content)
    {
        var sum = 0.0;
        foreach (var v in content) sum += (double)v * v;
        var size = content.Length == 0 ? 0 : Math.Sqrt(sum / content.Length);
        return size > 1e-6 ? size : 1;
    }
}

/// <summary>Which layer of a module yields something else when it is called again.</summary>
internal static class DifferenceBetweenCalls
{
    /// <returns>Its path and description; null if all layers repeat themselves.</returns>
    public static string? Find(Module module, WeightedFunction function)
    {
        var (first, second) = (Outputs(module, function), Outputs(module, function));
        var differing = first.Zip(second).FirstOrDefault(pair => !pair.First.Equals(pair.Second)).First.Path;
        if (differing is null) return null;
        var layer = module.Descendants().First(d => d.Path == differing).Module;
        return differing.Length == 0 ? $"{layer}" : $"the layer '{differing}', {layer},";
    }

    /// <summary>In the order in which the layers return, so that a layer is before those that contain it.</summary>
    private static List<(string Path, double Sum)> Outputs(Module module, WeightedFunction function)
    {
        var outputs = new List<(string, double)>();
        var layers = module.Descendants().Where(descendant => descendant.Module.TakesOneTensor);
        var hooks = layers.Select(layer => layer.Module.RegisterForwardHook(
            (_, _, y) => outputs.Add((layer.Path, y.ToArray().Sum(v => (double)v))))).ToArray();
        try
        {
            function.Evaluate();
            return outputs;
        }
        finally
        {
            foreach (var hook in hooks) hook.Dispose();
        }
    }
}

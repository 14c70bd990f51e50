namespace PyNetSharp.Kernels;

/// <summary>A function that yields NaN or infinity has no differences: says so, and where it comes from.</summary>
internal static class FiniteCheck
{
    /// <exception cref="InvalidOperationException">The result contains NaN or infinity.</exception>
    public static void Run(
        Tensor result, Func<Tensor> function, (string Name, Tensor Tensor)[] tensors, Module? module)
    {
        var values = result.ToArray();
        var i = Array.FindIndex(values, value => !float.IsFinite(value));
        if (i < 0) return;
        var where = tensors.Where(t => !IsFinite(t.Tensor)).Select(t => $"{t.Name} {t.Tensor.Shape} does so too")
            .FirstOrDefault() ?? (module is null ? null : FirstLayer(module, function));
        throw new InvalidOperationException(FormattableString.Invariant(
            $"GradientCheck: the function's result {result.Shape} contains {values[i]} (its element {i}); ") +
            (where ?? "all inputs are finite, so the function computes it from them") +
            ". Gradients can be compared only where the function is finite.");
    }

    private static string? FirstLayer(Module module, Func<Tensor> function)
    {
        string? first = null;
        var hooks = module.Descendants().Select(layer => layer.Module.RegisterForwardHook((called, y) =>
        {
            if (first is null && !IsFinite(y))
                first = (layer.Path.Length == 0 ? "the module itself" : $"the layer '{layer.Path}', {called},") +
                    " is the first to yield such a number";
        })).ToArray();
        try
        {
            function();
            return first;
        }
        finally
        {
            foreach (var hook in hooks) hook.Dispose();
        }
    }

    private static bool IsFinite(Tensor tensor) => Array.TrueForAll(tensor.ToArray(), float.IsFinite);
}

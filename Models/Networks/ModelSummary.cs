using PyNetSharp.Layers;

namespace PyNetSharp.Models;

/// <summary>The output shape and the cost of one module within a model, for an item of a given shape.</summary>
/// <param name="Path">Its path in the model: <c>features1.0</c>; empty for the model itself.</param>
/// <param name="Depth">
/// 0 for what the model itself calls, 1 for what that calls, and so on; a list between them does not count.
/// </param>
/// <param name="Module">The module; in the row of a parameter, the module that holds it.</param>
/// <param name="Output">The shape of its output for a batch of one; in the row of a parameter, the parameter's.</param>
/// <param name="Parameters">The number of its trainable values, those of its children included.</param>
/// <param name="MultiplyAdds">
/// Multiply-adds of convolutions and linear layers in a forward pass of one item, children included.
/// </param>
public sealed record LayerSummary(
    string Path, int Depth, Module Module, Shape Output, long Parameters, long MultiplyAdds)
{
    /// <summary>Whether nothing within it has a row of its own.</summary>
    public bool IsLeaf { get; init; } = true;

    /// <summary>
    /// Whether the row is a parameter that a module with children holds itself; a layer without children has one row.
    /// </summary>
    public bool IsParameter { get; init; }

    /// <summary>The output's extents: <c>1×96×54×54</c>.</summary>
    public string Dimensions => string.Join('×', Output);

    /// <summary>
    /// Type and output, as the textbook d2l.ai prints it: <c>Sequential output shape: [1, 96, 54, 54]</c>.
    /// </summary>
    public string OutputText => IsParameter
        ? $"Parameter shape: {Output}"
        : $"{Module.GetType().Name.Split('`')[0]} output shape: {Output}";

    /// <summary>Path and output: <c>conv 1×10×6×6</c>.</summary>
    public override string ToString() => $"{Path} {Dimensions}";
}

/// <summary>Lists the output shapes and costs of all layers of a model.</summary>
public static class ModelSummary
{
    /// <summary>
    /// Runs a forward pass on one item of zeros, in evaluation mode, and lists the modules that it calls.
    /// </summary>
    /// <param name="model">
    /// Any module of one tensor. What it calls within is seen by forward hooks: modules that it holds and does not
    /// call have no row, one that it calls twice has two.
    /// </param>
    /// <param name="item">One item's shape, without the batch: [c, h, w].</param>
    /// <returns>
    /// The modules within the model in the order of their calls, each before those that it calls; a model that calls
    /// none has one row, its own. Parameters that a module with children holds itself have a row each, before those of
    /// the children.
    /// </returns>
    /// <exception cref="ShapeException">
    /// The item does not fit, for example because it is too small; the message begins with the layer's path.
    /// </exception>
    public static IReadOnlyList<LayerSummary> Of(Module model, Shape item)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(item);

        using var paused = GradMode.NoGrad();
        using var evaluating = model.Evaluating();
        var device = model.Parameters() is [var parameter, ..] ? parameter.Device : null;
        var calls = new List<Call>();
        var hooks = new List<IDisposable>();
        try
        {
            foreach (var (path, module) in model.Descendants().DistinctBy(descendant => descendant.Module))
                hooks.Add(module.RegisterForwardHook((_, y) => Add(calls, path, module, y.Shape)));
            model.Forward(Tensor.Zeros([1, .. item], device));
        }
        finally
        {
            foreach (var hook in hooks) hook.Dispose();
        }

        var root = calls[^1];       // its call ends last
        return [.. root.Inner.Count == 0 ? root.Rows(0) : root.Rows(-1).Skip(1)];
    }

    /// <summary>A module's call ends after those that it makes, which become its own.</summary>
    private static void Add(List<Call> calls, string path, Module module, Shape output)
    {
        var first = calls.Count;
        while (first > 0 && IsWithin(calls[first - 1].Path, path)) first--;
        calls.Add(new(path, module, output, calls[first..]));
        calls.RemoveRange(first, calls.Count - 1 - first);
    }

    private static bool IsWithin(string path, string outer) =>
        path.Length > 0 && (outer.Length == 0 || path.StartsWith($"{outer}.", StringComparison.Ordinal));

    /// <summary>A call of a module, with the calls that it made in their order.</summary>
    private sealed record Call(string Path, Module Module, Shape Output, List<Call> Inner)
    {
        /// <summary>Its row and those of the calls within.</summary>
        public IEnumerable<LayerSummary> Rows(int depth)
        {
            LayerSummary[] within =
            [
                .. Inner.Count == 0 ? [] : OwnParameters(depth + 1), .. Inner.SelectMany(call => call.Rows(depth + 1)),
            ];
            var multiplyAdds = Module switch
            {
                Conv2d conv => (long)Output.Size * (conv.Weight.Shape.Size / conv.Weight.Shape[0]),
                Linear linear => (long)Output.Size * linear.Weight.Shape[1],
                _ => within.Where(row => row.Depth == depth + 1).Sum(row => row.MultiplyAdds),
            };
            var parameters = Module.Parameters().Sum(parameter => (long)parameter.Shape.Size);
            return
            [
                new(Path, depth, Module, Output, parameters, multiplyAdds) { IsLeaf = within.Length == 0 }, .. within,
            ];
        }

        private IEnumerable<LayerSummary> OwnParameters(int depth)
        {
            var inner = Module.Children().SelectMany(child => child.Module.Parameters()).ToHashSet();
            return Module.State()
                .Where(state => state.Tensor is Parameter own && inner.Add(own))
                .Select(state => new LayerSummary(
                    Path.Length == 0 ? state.Name : $"{Path}.{state.Name}", depth, Module, state.Tensor.Shape,
                    state.Tensor.Shape.Size, MultiplyAdds: 0) { IsParameter = true });
        }
    }
}

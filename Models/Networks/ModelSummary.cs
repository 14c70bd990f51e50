using PyNetSharp.Layers;

namespace PyNetSharp.Models;

/// <summary>The output shape and the cost of one module within a model, for an item of a given shape.</summary>
/// <param name="Path">Its path in the model: <c>features1.0</c>.</param>
/// <param name="Depth">0 for the model's own children, 1 for theirs, and so on.</param>
/// <param name="Module">The module.</param>
/// <param name="Output">The shape of its output for a batch of one.</param>
/// <param name="Parameters">The number of its trainable values, those of its children included.</param>
/// <param name="MultiplyAdds">
/// Multiply-adds of convolutions and linear layers in a forward pass of one item, children included.
/// </param>
public sealed record LayerSummary(
    string Path, int Depth, Module Module, Shape Output, long Parameters, long MultiplyAdds)
{
    /// <summary>Whether it has no children in the summary.</summary>
    public bool IsLeaf => Module is not Sequential;

    /// <summary>The output's extents: <c>1×96×54×54</c>.</summary>
    public string Dimensions => string.Join('×', Output);

    /// <summary>
    /// Type and output, as the textbook d2l.ai prints it: <c>Sequential output shape: [1, 96, 54, 54]</c>.
    /// </summary>
    public string OutputText => $"{Module.GetType().Name} output shape: {Output}";

    /// <summary>Path and output: <c>conv 1×10×6×6</c>.</summary>
    public override string ToString() => $"{Path} {Dimensions}";
}

/// <summary>Lists the output shapes and costs of all layers of a model.</summary>
public static class ModelSummary
{
    /// <summary>Runs a forward pass on one item of zeros, in evaluation mode.</summary>
    /// <param name="model">Any module; the children of a <see cref="Sequential"/> are listed after it.</param>
    /// <param name="item">One item's shape, without the batch: [c, h, w].</param>
    /// <returns>All modules within the model, each before its children.</returns>
    /// <exception cref="ShapeException">
    /// The item does not fit, for example because it is too small; the message begins with the layer's path.
    /// </exception>
    public static IReadOnlyList<LayerSummary> Of(Module model, Shape item)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(item);

        var rows = new List<LayerSummary>();
        using var paused = GradMode.NoGrad();
        using var evaluating = model.Evaluating();
        var device = model.Parameters() is [var parameter, ..] ? parameter.Device : null;
        Visit(model, Tensor.Zeros([1, .. item], device), "", -1, rows);
        return rows[1..];       // the first is the model itself
    }

    private static Tensor Visit(Module module, Tensor x, string path, int depth, List<LayerSummary> rows)
    {
        var index = rows.Count;
        rows.Add(null!);        // a module is listed before its children, but its output is known after them
        var y = ForwardThrough(module, x, path, depth, rows);

        long parameters = module.Parameters().Sum(p => (long)p.Shape.Size);
        var multiplyAdds = module switch
        {
            Conv2d conv => (long)y.Shape.Size * (conv.Weight.Shape.Size / conv.Weight.Shape[0]),
            Linear linear => linear.Weight.Shape.Size,
            _ => rows.Skip(index + 1).Where(row => row.Depth == depth + 1).Sum(row => row.MultiplyAdds),
        };
        rows[index] = new(path, depth, module, y.Shape, parameters, multiplyAdds);
        return y;
    }

    private static Tensor ForwardThrough(Module module, Tensor x, string path, int depth, List<LayerSummary> rows)
    {
        if (module is not Sequential) return module.Forward(x);

        var y = x;
        foreach (var (name, child) in module.Children())
        {
            try
            {
                y = Visit(child, y, path.Length == 0 ? name : $"{path}.{name}", depth + 1, rows);
            }
            catch (ShapeException error)
            {
                throw error.PrependPath(name);
            }
        }

        return module.GetType() == typeof(Sequential) ? y : module.Forward(x);      // a subclass may override Forward
    }
}

using System.Numerics.Tensors;
using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary>Makes the pictures of a model's first filters and of the activations of one image.</summary>
internal static class ModelPictures
{
    private const int MaxFilters = 96, FilterColumns = 16;
    private const int MaxLayers = 6, MaxChannels = 16, MaxSide = 48;

    /// <summary>Makes them by one forward pass of one item.</summary>
    /// <param name="model">In whatever mode; it keeps it.</param>
    /// <param name="weights">Which weights it has.</param>
    /// <param name="items">The first of these is shown.</param>
    /// <param name="input">That item as <see cref="FirstInput"/> has it.</param>
    public static WeightPictures Of(Module model, string weights, Dataset items, Tensor input)
    {
        var pictures = OfFilters(model, weights, [.. input.Shape.Skip(1)]);
        if (!PagePicture.CanShow(items.ItemShape) || !items.HasLabelPerItem) return pictures;
        var (layers, scores) = Activations(model, input);
        var image = new float[items.ItemShape.Size];
        items.Read(0, image);
        return pictures with
        {
            Image = PagePicture.Of(image, items.ItemShape, 2 * MaxSide),
            ImageText = Describe(scores, items),
            Activations = layers,
        };
    }

    /// <summary>The first layer's filters alone.</summary>
    /// <param name="model">The model.</param>
    /// <param name="weights">Which weights it has.</param>
    /// <param name="input">The shape of its items.</param>
    public static WeightPictures OfFilters(Module model, string weights, Shape input)
    {
        var (filters, text) = Filters(model, input);
        return new(weights) { Filters = filters, FilterText = text };
    }

    /// <summary>A batch of the first item alone, on the loader's device.</summary>
    /// <param name="loader">Transforms the items; not shuffled.</param>
    public static Tensor FirstInput(DataLoader loader)
    {
        foreach (var batch in loader.Epoch(0))
        {
            var values = batch.X.ToArray()[..loader.ItemShape.Size];
            return Tensor.From([1, .. loader.ItemShape], values, batch.X.Device).Keep();
        }

        throw new InvalidOperationException("The loader has no batch.");
    }

    /// <summary>
    /// Where the first layer with weights is a convolution of gray or color images, or takes such pixels.
    /// </summary>
    private static (PagePicture? Sheet, string Text) Filters(Module model, Shape input)
    {
        var (path, layer) = model.Descendants().FirstOrDefault(child => child.Module is Conv2d or Linear);
        var weight = (layer as Conv2d)?.Weight ?? (layer as Linear)?.Weight;
        if (weight is null) return (null, "");
        var shape = layer is Linear ? input : [.. weight.Shape.Skip(1)];
        var size = weight.Shape.Size / weight.Shape[0];
        if (!PagePicture.CanShow(shape) || shape.Size != size || size == shape[0]) return (null, "");
        var values = weight.ToArray();
        PagePicture[] tiles =
        [
            .. Enumerable.Range(0, Math.Min(weight.Shape[0], MaxFilters)).Select(
                k => PagePicture.Of(Stretch(values.AsSpan(k * shape.Size, shape.Size)), shape, MaxSide)),
        ];
        var shown = tiles.Length < weight.Shape[0] ? $", the first {tiles.Length}" : "";
        return (
            PagePicture.Grid(tiles, FilterColumns),
            $"{path}: {weight.Shape[0]} filters of {NumberFormatting.Shape(shape)}{shown}");
    }

    /// <summary>The least becomes 0, the largest 1.</summary>
    private static float[] Stretch(ReadOnlySpan<float> values)
    {
        var (low, high) = (TensorPrimitives.Min(values), TensorPrimitives.Max(values));
        var result = new float[values.Length];
        for (var i = 0; i < result.Length; i++) result[i] = high > low ? (values[i] - low) / (high - low) : 0.5f;
        return result;
    }

    private static (List<(string Layer, PagePicture Channels)> Layers, float[] Scores) Activations(
        Module model, Tensor x)
    {
        using var paused = GradMode.NoGrad();
        using var evaluating = model.Evaluating();
        var outputs = new List<(string Path, Module Module, Shape Shape, float[] Values)>();
        var hooks = new List<IDisposable>();
        float[] scores;
        try
        {
            foreach (var (path, module) in model.Descendants().DistinctBy(child => child.Module))
                if (!module.Children().Any())
                    hooks.Add(module.RegisterForwardHook((_, y) => Keep(path, module, y)));
            var result = model.Forward(x);
            scores = result.ToArray();
            result.Release();
        }
        finally
        {
            foreach (var hook in hooks) hook.Dispose();
        }

        var shown = outputs.Exists(output => output.Module is ReLU) ? outputs.FindAll(output => output.Module is ReLU)
            : outputs.FindAll(output => output.Module is Conv2d);
        var count = Math.Min(MaxLayers, shown.Count);
        var chosen = Enumerable.Range(0, count)
            .Select(i => shown[count == 1 ? 0 : i * (shown.Count - 1) / (count - 1)]);
        return ([.. chosen.Select(output => (Name(output.Path, output.Shape), Channels(output)))], scores);

        void Keep(string path, Module module, Tensor y)
        {
            if (y.Rank == 4 && y.Shape[2] * y.Shape[3] > 1) outputs.Add((path, module, y.Shape, y.ToArray()));
        }

        static string Name(string path, Shape shape) => shape[1] <= MaxChannels
            ? $"{path}: {NumberFormatting.Shape(shape.Skip(1))}"
            : $"{path}: the first {MaxChannels} of {NumberFormatting.Shape(shape.Skip(1))}";
    }

    private static PagePicture Channels((string Path, Module Module, Shape Shape, float[] Values) output)
    {
        var (channels, height, width) = (output.Shape[1], output.Shape[2], output.Shape[3]);
        PagePicture[] tiles =
        [
            .. Enumerable.Range(0, Math.Min(channels, MaxChannels)).Select(c =>
            {
                var values = output.Values.AsSpan(c * height * width, height * width).ToArray();
                var high = TensorPrimitives.Max<float>(values);
                if (high > 0) TensorPrimitives.Divide(values, high, values);
                return PagePicture.Of(values, [1, height, width], MaxSide);
            }),
        ];
        return PagePicture.Grid(tiles, MaxChannels);
    }

    private static string Describe(float[] scores, Dataset items)
    {
        var truth = items.ClassNames[items.Labels[0]];
        if (scores.Length != items.ClassNames.Count || scores.Any(score => !float.IsFinite(score))) return truth;
        var top = new Prediction(scores, items.ClassNames).Top(3)
            .Select(k => $"{k.ClassName} {NumberFormatting.Percent(k.Probability)}");
        return $"true class {truth}; predicted {string.Join(", ", top)}";
    }
}

using static Onnx.TensorProto.Types;

namespace PyNetSharp.Onnx;

/// <summary>Writes an <see cref="ImagePreprocessing"/> before a network.</summary>
internal static class PreprocessingWriter
{
    private const string Origin = "preprocessing";

    /// <returns>The name of the network's input.</returns>
    /// <exception cref="ArgumentException">It does not fit the network's input.</exception>
    public static string Write(ModelGraph graph, ImagePreprocessing preprocessing, Shape input)
    {
        var (height, width, mean, std) = preprocessing;
        if (input.Rank != 4 || (input[2], input[3]) != (height, width) || !Fits(mean) || !Fits(std))
            throw new ArgumentException(FormattableString.Invariant(
                $"ImagePreprocessing: {mean.Count} means, {std.Count} deviations and images of {height}×{width} do ") +
                $"not fit a network that takes {input}.");
        var channels = input[1];
        graph.AddInput(DataType.Uint8, Extent.BatchName, "H", "W", channels);

        var x = Add("Cast", [ModelGraph.InputName], ("to", (int)DataType.Float));
        x = Add("Transpose", [x], ("perm", (int[])[0, 3, 1, 2]));
        x = Add("Div", [x, graph.Floats([], [255])]);
        var sizes = Add("Concat", [graph.BatchSize, graph.Integers([3], channels, height, width)], ("axis", 0));
        x = Add(
            "Resize", [x, "", "", sizes], ("mode", "linear"), ("coordinate_transformation_mode", "half_pixel"));
        x = Add("Sub", [x, PerChannel(mean)]);
        return Add("Div", [x, PerChannel(std)]);

        bool Fits(IReadOnlyList<float> numbers) => numbers.Count == 1 || numbers.Count == input[1];

        string PerChannel(IReadOnlyList<float> numbers) =>
            graph.Floats(numbers.Count == 1 ? [] : [numbers.Count, 1, 1], [.. numbers]);

        string Add(string op, IEnumerable<string> inputs, params (string, object)[] attributes) =>
            graph.Add(op, Origin, inputs, attributes);
    }
}

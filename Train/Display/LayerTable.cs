using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary>A table of a model's layers with their output shapes and costs.</summary>
internal static class LayerTable
{
    public static void Show(ConsoleOutput screen, IReadOnlyList<LayerSummary> layers)
    {
        screen.WriteTable(
            [
                new("", 1), new("Layer", 2), new("Output", 3, IsNumber: true), new("Parameters", 4, IsNumber: true),
                new("Multiply-adds", 5, IsNumber: true),
            ],
            layers.Select(layer => (string[])
            [
                layer.Path, NameOf(layer), NumberFormatting.Shape(layer.Output.Skip(1)),
                OrEmpty(layer.Parameters), OrEmpty(layer.MultiplyAdds),
            ]));
        var (parameters, multiplyAdds) = (Total(layer => layer.Parameters), Total(layer => layer.MultiplyAdds));
        screen.WriteInfo(
            $"{NumberFormatting.Count(parameters, "parameter")}, " +
            $"{NumberFormatting.Count(multiplyAdds, "multiply-add")} per item");

        long Total(Func<LayerSummary, long> value) => layers.Where(layer => layer.Depth == 0).Sum(value);
    }

    /// <summary>A block is printed without the layers in it, which have rows of their own.</summary>
    private static string NameOf(LayerSummary layer) => layer.IsParameter ? "Parameter"
        : layer.IsLeaf ? $"{layer.Module}" : layer.Module.GetType().Name.Split('`')[0];

    private static string OrEmpty(long n) => n == 0 ? "" : NumberFormatting.Count(n);
}

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
            layers.Where(layer => layer.IsLeaf).Select(layer => (string[])
            [
                layer.Path, $"{layer.Module}", NumberFormatting.Shape(layer.Output.Skip(1)),
                OrEmpty(layer.Parameters), OrEmpty(layer.MultiplyAdds),
            ]));
        var (parameters, multiplyAdds) = (Total(layer => layer.Parameters), Total(layer => layer.MultiplyAdds));
        screen.WriteInfo(
            $"{NumberFormatting.Count(parameters)} parameters, " +
            $"{NumberFormatting.Count(multiplyAdds)} multiply-adds per item");

        long Total(Func<LayerSummary, long> value) => layers.Where(layer => layer.Depth == 0).Sum(value);
    }

    private static string OrEmpty(long n) => n == 0 ? "" : NumberFormatting.Count(n);
}

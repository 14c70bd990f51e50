using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary>The layers of a model with what goes through them.</summary>
internal static class LayerTable
{
    public static void Show(ConsoleOutput screen, IReadOnlyList<LayerSummary> trace)
    {
        screen.WriteTable(
            [
                new("", 1), new("Layer", 2), new("Output", 3, IsNumber: true), new("Parameters", 4, IsNumber: true),
                new("Multiply-adds", 5, IsNumber: true),
            ],
            trace.Where(layer => layer.IsLeaf).Select(layer => (string[])
            [
                layer.Path, $"{layer.Module}", NumberFormatting.Shape(layer.Output.Skip(1)),
                OrNothing(layer.Parameters), OrNothing(layer.MultiplyAdds),
            ]));
        var (parameters, multiplyAdds) = (Top(layer => layer.Parameters), Top(layer => layer.MultiplyAdds));
        screen.WriteInfo($"{NumberFormatting.Count(parameters)} parameters, {NumberFormatting.Count(multiplyAdds)} multiply-adds per item");

        long Top(Func<LayerSummary, long> of) => trace.Where(layer => layer.Depth == 0).Sum(of);
    }

    private static string OrNothing(long n) => n == 0 ? "" : NumberFormatting.Count(n);
}

namespace PyNetSharp;

/// <summary>The layers of a model with what goes through them.</summary>
internal static class LayerTable
{
    public static void Show(Screen screen, IReadOnlyList<LayerTrace> trace)
    {
        screen.Table(
            [
                new("", 1), new("Layer", 2), new("Output", 3, IsNumber: true), new("Parameters", 4, IsNumber: true),
                new("Multiply-adds", 5, IsNumber: true),
            ],
            trace.Where(layer => layer.IsLeaf).Select(layer => (string[])
            [
                layer.Path, $"{layer.Module}", Figures.Extents(layer.Output.Skip(1)),
                OrNothing(layer.Parameters), OrNothing(layer.MultiplyAdds),
            ]));
        var (parameters, multiplyAdds) = (Top(layer => layer.Parameters), Top(layer => layer.MultiplyAdds));
        screen.Say($"{Figures.Count(parameters)} parameters, {Figures.Count(multiplyAdds)} multiply-adds per item");

        long Top(Func<LayerTrace, long> of) => trace.Where(layer => layer.Depth == 0).Sum(of);
    }

    private static string OrNothing(long n) => n == 0 ? "" : Figures.Count(n);
}

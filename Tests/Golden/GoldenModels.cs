namespace PyNetSharp.Tests;

/// <summary>The models and batches of make_golden.py, drawn as it draws them.</summary>
internal static class GoldenModels
{
    /// <summary>A network for ten classes that drops nothing.</summary>
    public static Module Create(string name)
    {
        var network = NetworkCatalog.Find(name);
        var model = network.Build(new(network.Input, 10) { Dropout = network.HasDropout ? 0 : null }, new(0));
        DrawParameters(model);
        return model;
    }

    /// <summary>Weights of variance 2 / fan_in and small positive biases.</summary>
    public static void DrawParameters(Module model)
    {
        var rng = new Rng(1);
        foreach (var parameter in model.Parameters())
        {
            var shape = parameter.Shape;
            var bound = shape.Rank > 1 ? MathF.Sqrt(6f / (shape.Size / shape[0])) : 0;
            parameter.CopyFrom(shape.Rank > 1 ? Draw(shape, -bound, bound, rng) : Draw(shape, 0, 0.1f, rng));
        }
    }

    /// <summary>As many items of a network's shape as the file says, in [−1, 1), and labels of ten classes.</summary>
    public static (Tensor X, int[] Labels) Batch(GoldenFile golden, Rng rng, string name)
    {
        var count = (int)golden[$"{name}/batch"].Item();
        return Batch(rng, [count, .. NetworkCatalog.Find(name).Input]);
    }

    /// <summary>Items in [−1, 1), and labels of ten classes.</summary>
    public static (Tensor X, int[] Labels) Batch(Rng rng, Shape shape)
    {
        var x = Tensor.From(shape, Draw(shape, -1, 1, rng));
        return (x, [.. Enumerable.Range(0, shape[0]).Select(_ => rng.Next(10))]);
    }

    private static float[] Draw(Shape shape, float low, float high, Rng rng)
    {
        var values = new float[shape.Size];
        foreach (ref var value in values.AsSpan()) value = rng.NextFloat(low, high);
        return values;
    }
}

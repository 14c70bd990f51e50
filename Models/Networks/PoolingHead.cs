namespace PyNetSharp.Models;

/// <summary>The output reshape of networks whose head is a pooling layer.</summary>
internal static class PoolingHead
{
    /// <summary>[n, classes, 1, 1] → [n, classes], over the same storage.</summary>
    public static Tensor ToLogits(Tensor pooled)
    {
        if (pooled.Rank == 2) return pooled;
        if (pooled.Rank != 4 || pooled.Shape[2] * pooled.Shape[3] != 1)
            throw new ShapeException(
                $"Scores: the pooling head leaves {pooled.Shape}, not one pixel per class; the input is too large.");
        var scores = pooled.Flatten();
        pooled.Release();
        return scores;
    }
}

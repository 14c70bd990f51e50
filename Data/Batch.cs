namespace PyNetSharp.Data;

/// <summary>The items of one training or evaluation step, with their labels.</summary>
/// <param name="X">[batch, c, h, w] or [batch, features].</param>
/// <param name="Labels">The class of each item.</param>
public sealed record Batch(Tensor X, Labels Labels);

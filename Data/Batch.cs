namespace PyNetSharp.Data;

/// <summary>Items and labels that go through a network together.</summary>
/// <param name="X">[batch, c, h, w] or [batch, features].</param>
/// <param name="Labels">The class of each item.</param>
public sealed record Batch(Tensor X, Labels Labels);

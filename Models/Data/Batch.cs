namespace PyNetSharp;

/// <summary>Items and labels that go through a network together.</summary>
/// <param name="X">[batch, c, h, w] or [batch, features].</param>
/// <param name="Labels">The class of each item.</param>
/// <remarks>A loader fills the same batch again later; <see cref="Loader.Epoch"/> says when.</remarks>
public sealed record Batch(Tensor X, Labels Labels);

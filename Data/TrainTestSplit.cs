namespace PyNetSharp.Data;

/// <summary>A data set in its two parts, which agree in classes and in the items' shape.</summary>
/// <param name="Train">The training items.</param>
/// <param name="Test">The items for evaluation only.</param>
public sealed record TrainTestSplit(Dataset Train, Dataset Test);

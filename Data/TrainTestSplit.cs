namespace PyNetSharp.Data;

/// <summary>A data set in its two parts, which agree in classes and in the items' shape.</summary>
/// <param name="Train">What is learnt from.</param>
/// <param name="Test">What is only measured on.</param>
public sealed record TrainTestSplit(Dataset Train, Dataset Test);

using PyNetSharp.Models;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>What a run's page shows, without how it shows it.</summary>
internal sealed record RunReport
{
    /// <summary>"nin on cifar10"</summary>
    public required string Title { get; init; }

    /// <summary>The run's folder, as the user wrote it.</summary>
    public required string Folder { get; init; }

    /// <summary>The settings of the run.</summary>
    public required RunConfig Config { get; init; }

    /// <summary>The epochs so far, in order.</summary>
    public required IReadOnlyList<EpochRecord> Epochs { get; init; }

    /// <summary>What the run does now, or how it ended: "complete".</summary>
    public required string State { get; init; }

    /// <summary>The network's layers; none where its items are not known.</summary>
    public IReadOnlyList<ReportedLayer> Layers { get; init; } = [];

    /// <summary>The items of the batch whose time the layers have; null where none was measured.</summary>
    public int? TimedItems { get; init; }

    /// <summary>The last evaluation, or that of the best weights; null where there is none.</summary>
    public ReportedEvaluation? Evaluation { get; init; }

    /// <summary>What the weights look like; null where there are none.</summary>
    public WeightPictures? Pictures { get; init; }

    /// <summary>What is not shown, and why: sentences.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>A layer of a network.</summary>
/// <param name="Summary">Its shapes and costs.</param>
/// <param name="Seconds">Its share of the forward pass of a batch; null where not measured.</param>
internal sealed record ReportedLayer(LayerSummary Summary, double? Seconds = null);

/// <summary>An evaluation, of which items and of which weights it is.</summary>
/// <param name="Items">"test" or "validation"</param>
/// <param name="Weights">"the best weights, of epoch 3"</param>
/// <param name="Result">The confusion matrix and the scores.</param>
/// <param name="ClassNames">In the order of the labels.</param>
/// <param name="Wrong">The items that were classified wrongly with the highest probabilities, highest first.</param>
internal sealed record ReportedEvaluation(
    string Items, string Weights, Evaluation Result, IReadOnlyList<string> ClassNames, IReadOnlyList<WrongItem> Wrong);

/// <summary>An item that was classified wrongly.</summary>
/// <param name="Index">Its number in the data set, from 0.</param>
/// <param name="Truth">Its class.</param>
/// <param name="Predicted">The class with the highest probability.</param>
/// <param name="Probability">That of <paramref name="Predicted"/>.</param>
/// <param name="TruthProbability">That of <paramref name="Truth"/>.</param>
/// <param name="Image">Null where items are no images.</param>
internal sealed record WrongItem(
    int Index, string Truth, string Predicted, double Probability, double TruthProbability, PagePicture? Image);

/// <summary>What the weights look like, and what they make of an image.</summary>
/// <param name="Weights">Which weights: "the best weights, of epoch 3".</param>
internal sealed record WeightPictures(string Weights)
{
    /// <summary>
    /// The first layer's filters, each from its least to its largest weight; null where none is an image.
    /// </summary>
    public PagePicture? Filters { get; init; }

    /// <summary>The path and size of that layer: "features1.0, 64 filters of 3×5×5".</summary>
    public string FilterText { get; init; } = "";

    /// <summary>The image whose activations follow; null where items are no images.</summary>
    public PagePicture? Image { get; init; }

    /// <summary>The class of the image, and its most probable ones.</summary>
    public string ImageText { get; init; } = "";

    /// <summary>The first channels of some layers' outputs, each divided by its largest value.</summary>
    public IReadOnlyList<(string Layer, PagePicture Channels)> Activations { get; init; } = [];
}

using PyNetSharp.Layers;

namespace PyNetSharp.Models;

/// <summary>Linear layers with ReLUs between them, for items of any shape.</summary>
public sealed class FullyConnected : Sequential
{
    /// <summary>Creates the network.</summary>
    /// <param name="options">
    /// Items of any shape. No dropout by default; with a probability there is dropout after each hidden layer.
    /// </param>
    /// <param name="rng">Draws the weights and, later, the dropout masks.</param>
    /// <param name="hidden">
    /// The features of each hidden layer, before <see cref="NetworkOptions.WidthMultiplier"/> is applied; empty for a
    /// linear classifier.
    /// </param>
    /// <param name="batchNorm">Whether each hidden layer has batch normalization before its ReLU.</param>
    public FullyConnected(NetworkOptions options, Rng rng, IReadOnlyList<int> hidden, bool batchNorm = false)
        : base(Layers(options, rng, hidden, batchNorm))
    {
    }

    private static IEnumerable<(string, Module)> Layers(
        NetworkOptions options, Rng rng, IReadOnlyList<int> hidden, bool batchNorm)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(hidden);

        yield return ("flatten", new Flatten());
        var features = options.Input.Size;
        for (var i = 1; i <= hidden.Count; i++)
        {
            var next = options.ScaleWidth(hidden[i - 1]);
            yield return ($"fc{i}", new Linear(features, next, rng));
            if (batchNorm) yield return ($"bn{i}", new BatchNorm1d(next));
            yield return ($"relu{i}", new ReLU());
            if (options.Dropout is { } p) yield return ($"drop{i}", new Dropout(rng.Split(), p));
            features = next;
        }

        yield return ($"fc{hidden.Count + 1}", new Linear(features, options.Classes, rng));
    }
}

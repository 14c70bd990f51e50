using System.Globalization;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Data;

/// <summary>Reads Fisher's iris flowers: four lengths in centimeters per flower, three species.</summary>
/// <seealso href="https://archive.ics.uci.edu/dataset/53/iris">UCI Machine Learning Repository</seealso>
public static class IrisReader
{
    private const int Features = 4;
    private const int MaxBytes = 1 << 20;

    internal static readonly string[] Files = ["iris.data", "iris.csv"];

    private static readonly string[] Species = ["Iris-setosa", "Iris-versicolor", "Iris-virginica"];

    /// <summary>Reads lines such as <c>5.1,3.5,1.4,0.2,Iris-setosa</c>; empty lines are skipped.</summary>
    /// <param name="path">The file, <c>iris.data</c> as UCI has it.</param>
    /// <param name="seed">Seeds the choice of the fifth of each species that is the test part.</param>
    /// <returns>Items [4]: sepal length and width, petal length and width, in centimeters.</returns>
    /// <exception cref="InputException">
    /// A line is not four positive numbers and a species, or a species has less than two flowers.
    /// </exception>
    public static TrainTestSplit Read(string path, ulong seed = 0)
    {
        var flowers = DataFile.ReadLines(path, MaxBytes).Select(line => Parse(path, line.Number, line.Text)).ToArray();
        List<(float[] Lengths, int Label)> train = [], test = [];
        for (var label = 0; label < Species.Length; label++)
        {
            var kind = flowers.Where(flower => flower.Label == label).ToArray();
            if (kind.Length < 2)
                throw new InputException(
                    $"'{path}' has {kind.Length} flowers of {Species[label]}; expected 2 or more.");

            new Rng(seed).Split((ulong)label).Shuffle(kind.AsSpan());
            var testCount = Math.Max(1, kind.Length / 5);
            test.AddRange(kind[..testCount]);
            train.AddRange(kind[testCount..]);
        }

        return new(Part("iris train", train), Part("iris test", test));
    }

    private static FeatureDataset Part(string name, List<(float[] Lengths, int Label)> flowers) =>
        new(name, Species, [.. flowers.SelectMany(f => f.Lengths)], [.. flowers.Select(f => f.Label)]);

    private static (float[] Lengths, int Label) Parse(string path, int line, string text)
    {
        var fields = text.Split(',', StringSplitOptions.TrimEntries);
        if (fields.Length != Features + 1)
            throw new InputException(
                $"'{path}', line {line}: {fields.Length} fields; " +
                "expected four lengths and a species, comma-separated.");

        var lengths = new float[Features];
        for (var i = 0; i < Features; i++)
            if (!float.TryParse(fields[i], NumberStyles.Float, CultureInfo.InvariantCulture, out lengths[i])
                || lengths[i] is not (> 0 and < 100))
                throw new InputException(
                    $"'{path}', line {line}: {Quote(fields[i])}; expected a length in centimeters.");

        var label = Array.IndexOf(Species, fields[^1]);
        return label >= 0
            ? (lengths, label)
            : throw new InputException(
                $"'{path}', line {line}: species {Quote(fields[^1])}; expected {string.Join(", ", Species)}.");
    }
}

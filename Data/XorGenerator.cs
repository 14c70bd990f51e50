namespace PyNetSharp.Data;

/// <summary>
/// The exclusive or, which no linear classifier can represent: points around the corners of the unit square.
/// </summary>
public static class XorGenerator
{
    /// <summary>Generates points around (0, 0), (0, 1), (1, 0), (1, 1) in turn, of class 0, 1, 1, 0.</summary>
    /// <param name="seed">Seeds all points.</param>
    /// <param name="train">The number of training points.</param>
    /// <param name="test">The number of test points.</param>
    /// <param name="noise">Standard deviation of both coordinates, not negative; at 0 every point is a corner.</param>
    /// <returns>Items [2] of the classes "equal" and "different".</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A number of points is not positive, or the noise is negative.
    /// </exception>
    public static TrainTestSplit Generate(ulong seed = 0, int train = 400, int test = 100, float noise = 0.1f)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(train);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(test);
        ArgumentOutOfRangeException.ThrowIfNegative(noise);
        var rng = new Rng(seed);
        return new(Part("xor train", train, rng.Split(0)), Part("xor test", test, rng.Split(1)));

        FeatureDataset Part(string name, int count, Rng rng)
        {
            var (points, labels) = (new float[2 * count], new int[count]);
            for (var i = 0; i < count; i++)
            {
                var (a, b) = (i >> 1 & 1, i & 1);
                points[2 * i] = a + noise * rng.NextNormal();
                points[2 * i + 1] = b + noise * rng.NextNormal();
                labels[i] = a ^ b;
            }

            return new(name, ["equal", "different"], points, labels);
        }
    }
}

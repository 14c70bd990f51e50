using System.Numerics.Tensors;

namespace PyNetSharp.Tests;

/// <summary>Multinomial logistic regression on pixels by stochastic gradient descent, in plain loops.</summary>
internal static class LinearClassifier
{
    private const float LearningRate = 2e-3f;               // below 2 / |x|², which is about 1 / 300 for pixels in ±½

    /// <summary>
    /// Trains on one part and tests on the other, with the class marked in the first pixels if <paramref name="mark"/>.
    /// </summary>
    /// <returns>The best test accuracy after any epoch, and the last training accuracy.</returns>
    public static (double BestTest, double Train) Train(TrainTestSplit data, int epochs, bool mark)
    {
        var (inputs, classes) = (data.Train.ItemShape.Size, data.Train.ClassNames.Count);
        var (train, test) = (Pixels(data.Train, mark), Pixels(data.Test, mark));
        var weights = new float[classes][];
        for (var k = 0; k < classes; k++) weights[k] = new float[inputs];
        var scores = new float[classes];
        var order = Enumerable.Range(0, train.Length).ToArray();
        var best = 0.0;

        for (var epoch = 0; epoch < epochs; epoch++)
        {
            new Rng(1).Split((ulong)epoch).Shuffle(order.AsSpan());
            var rate = LearningRate * (1 - (float)epoch / epochs);
            foreach (var i in order)
            {
                Score(train[i]);
                TensorPrimitives.SoftMax(scores, scores);
                scores[data.Train.Labels[i]] -= 1;
                for (var k = 0; k < classes; k++) TensorPrimitives.MultiplyAdd(
                    train[i], -rate * scores[k], weights[k], weights[k]);
            }

            best = Math.Max(best, Accuracy(test, data.Test));
        }

        return (best, Accuracy(train, data.Train));

        void Score(float[] x)
        {
            for (var k = 0; k < classes; k++) scores[k] = TensorPrimitives.Dot<float>(x, weights[k]);
        }

        double Accuracy(float[][] items, Dataset part)
        {
            var right = 0;
            for (var i = 0; i < items.Length; i++)
            {
                Score(items[i]);
                if (TensorPrimitives.IndexOfMax<float>(scores) == part.Labels[i]) right++;
            }

            return (double)right / items.Length;
        }
    }

    private static float[][] Pixels(Dataset data, bool mark)
    {
        var items = new float[data.Count][];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = DataFiles.ReadItem(data, i);
            TensorPrimitives.Subtract(items[i], 0.5f, items[i]);
            if (!mark) continue;
            items[i].AsSpan(0, 10).Fill(-1);
            items[i][data.Labels[i]] = 4;
        }

        return items;
    }
}

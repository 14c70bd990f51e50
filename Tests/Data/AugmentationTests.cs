using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>What random transforms draw, and from what.</summary>
public sealed class AugmentationTests
{
    private static readonly Shape Image = [3, 8, 10];

    private static readonly ITransform[] Transforms =
    [
        new RandomRotation(30), new ColorJitter(0.4f, 0.4f, 0.4f, 0.1f), new Cutout(3), new RandAugment(3, 12),
        new Compose(new RandomCrop(8, 10, 2), new RandomHorizontalFlip(), new RandAugment(), new Cutout(2, 0.5f)),
    ];

    [TestCaseSource(nameof(Transforms))]
    public void The_generator_alone_decides(ITransform transform)
    {
        var x = Draw(Image);
        var results = Enumerable.Range(0, 20).Select(i => Apply(transform, Image, x, (ulong)i)).ToArray();
        for (var i = 0; i < results.Length; i++)
            Assert.That(Apply(transform, Image, x, (ulong)i), Is.EqualTo(results[i]), "the same seed");
        Assert.That(results.Distinct(new Values()).Count(), Is.GreaterThan(10), "other seeds");
        Assert.That(x, Is.EqualTo(Draw(Image)), "the item itself stays");
        Assert.That(results, Is.All.All.InRange(0f, 1f));
    }

    [TestCaseSource(nameof(Transforms))]
    public void Gray_images_and_small_ones_can_be_changed(ITransform transform)
    {
        Shape[] shapes = transform is Compose               // its crop has a size
            ? [[1, 8, 10]]
            : [[1, 8, 10], [1, 1, 1], [3, 2, 1], [1, 0, 3]];
        foreach (var shape in shapes)
        {
            Assert.That(transform.Infer(shape), Is.EqualTo(shape));
            var x = Draw(shape);
            for (ulong seed = 0; seed < 40; seed++)
                Assert.That(Apply(transform, shape, x, seed), Is.All.InRange(0f, 1f));
        }
    }

    [Test]
    public void Items_that_are_no_images_are_refused()
    {
        foreach (var transform in Transforms.SkipLast(1))
            Assert.That(() => transform.Infer([4]), Throws.TypeOf<ShapeException>().With.Message.Contains("no images"));
        Assert.That(
            () => new ColorJitter(0.1f).Infer([2, 4, 4]),
            Throws.TypeOf<ShapeException>().With.Message.Contains("gray"));
        Assert.That(() => new RandAugment().Infer([4, 4, 4]), Throws.TypeOf<ShapeException>());
    }

    [Test]
    public void Parameters_outside_their_range_are_refused()
    {
        Action[] calls =
        [
            () => _ = new RandomRotation(-1), () => _ = new RandomRotation(float.NaN), () => _ = new ColorJitter(-0.1f),
            () => _ = new ColorJitter(hue: 0.6f), () => _ = new Cutout(0), () => _ = new RandAugment(-1),
            () => _ = new RandAugment(2, 31), () => _ = new Mixup(0), () => _ = new Mixup(float.NaN),
        ];
        foreach (var call in calls) Assert.That(() => call(), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void A_cutout_is_a_square_that_may_lie_partly_beyond_the_edge()
    {
        Shape shape = [2, 9, 9];
        var (whole, parts) = (0, 0);
        for (ulong seed = 0; seed < 200; seed++)
        {
            var y = Apply(new Cutout(4, fill: 7), shape, new float[162], seed);
            var erased = y.Take(81).Count(value => value == 7);
            Assert.That(y.Skip(81), Is.EqualTo(y.Take(81)), "all channels");
            Assert.That(erased, Is.InRange(4, 16));
            if (erased == 16) whole++;
            else parts++;
        }

        // Of 9 places along an axis 6 keep the square whole: 36 of 81.
        Assert.That(whole, Is.EqualTo(200 * 36 / 81).Within(4 * 7), "binomial, deviation 7");
        Assert.That(parts, Is.Positive);
    }

    [Test]
    public void Strengths_bound_what_is_drawn()
    {
        Shape shape = [3, 1, 2];
        float[] x = [0.5f, 0.4f, 0.5f, 0.4f, 0.5f, 0.4f];
        var factors = new List<float>();
        for (ulong seed = 0; seed < 300; seed++)
            factors.Add(Apply(new ColorJitter(brightness: 0.4f), shape, x, seed)[0] / 0.5f);
        Assert.That(factors, Is.All.InRange(0.6f, 1.4001f));
        Assert.That(factors.Min(), Is.LessThan(0.63f));
        Assert.That(factors.Max(), Is.GreaterThan(1.37f));
        Assert.That(Apply(new ColorJitter(), shape, x, 1), Is.EqualTo(x), "nothing without a strength");
        Assert.That(Apply(new RandAugment(0), shape, x, 1), Is.EqualTo(x));
        Assert.That(Apply(new RandomRotation(0), [1, 2, 3], x, 1), Is.EqualTo(x).Within(1e-6));
    }

    [TestCase(0.05f)]
    [TestCase(0.2f)]
    [TestCase(1f)]
    [TestCase(8f)]
    public void Mixup_draws_shares_from_a_beta_distribution(float alpha)
    {
        const int Count = 20_000;
        var (mixup, rng) = (new Mixup(alpha), new Rng(3));
        var shares = Enumerable.Range(0, Count).Select(_ => (double)mixup.Draw(rng)).ToArray();
        Assert.That(shares, Is.All.InRange(0, 1));
        // Beta(α, α) has the mean 1/2, the variance 1 / (4·(2α + 1)), and the fourth central moment
        // 3 / (16·(2α + 1)·(2α + 3)).
        var (variance, fourth) = (1 / (4 * (2 * alpha + 1.0)), 3 / (16 * (2 * alpha + 1.0) * (2 * alpha + 3)));
        Assert.That(shares.Average(), Is.EqualTo(0.5).Within(4 * Math.Sqrt(variance / Count)));
        Assert.That(
            shares.Average(share => Math.Pow(share - 0.5, 2)),
            Is.EqualTo(variance).Within(4 * Math.Sqrt((fourth - variance * variance) / Count)));
    }

    [Test]
    public void Mixed_batches_have_the_probabilities_of_their_shares()
    {
        var (plain, mixed) = (Loader(null), Loader(new(1)));
        var lower = 0;
        for (var epoch = 0; epoch < 4; epoch++)
            foreach (var (before, after) in plain.Epoch(epoch).Zip(mixed.Epoch(epoch)))
            {
                Assert.That(after.Target.HasLabels, Is.False);
                var (x, y, p) = (before.X.ToArray(), after.X.ToArray(), after.Target.Values.ToArray());
                var (n, classes) = (before.Count, p.Length / before.Count);
                var labels = before.Labels.Span.ToArray();
                // The share is that of the first item whose label is not the one before it.
                var i = Enumerable.Range(0, n).First(k => labels[k] != labels[(k + n - 1) % n]);
                var share = p[i * classes + labels[i]];
                if (share < 0.5f) lower++;
                for (i = 0; i < n; i++)
                {
                    var j = (i + n - 1) % n;
                    for (var k = 0; k < 6; k++)
                        Assert.That(
                            y[i * 6 + k], Is.EqualTo(share * x[i * 6 + k] + (1 - share) * x[j * 6 + k]).Within(1e-6f));
                    var row = new float[classes];
                    row[labels[i]] += share;
                    row[labels[j]] += 1 - share;
                    Assert.That(p.AsSpan(i * classes, classes).ToArray(), Is.EqualTo(row).Within(1e-6f));
                    Assert.That(after.DominantLabels!.Span[i], Is.EqualTo(share >= 0.5f ? labels[i] : labels[j]));
                }
            }

        Assert.That(lower, Is.InRange(1, 11));
    }

    [Test]
    public void Mixed_batches_are_those_of_their_seed_epoch_and_number()
    {
        var whole = Loader(new(0.5f)).Epoch(2).Select(Numbers).ToArray();
        var rest = Loader(new(0.5f)).Epoch(2, first: 1).Select(Numbers).ToArray();
        Assert.That(rest, Is.EqualTo(whole[1..]));
        Assert.That(whole[0], Is.Not.EqualTo(Numbers(Loader(new(0.5f)).Epoch(3).First())));

        static float[] Numbers(Batch batch) => [.. batch.X.ToArray(), .. batch.Target.Values.ToArray()];
    }

    [Test]
    public void Items_without_a_label_are_not_mixed()
    {
        var set = new TensorDataset(Tensor.Zeros([4, 2]), Tensor.Zeros([4, 1]), "heights");
        Assert.That(
            () => new DataLoader(set, 2) { Mixup = new() },
            Throws.ArgumentException.With.Message.Contains("heights").And.Message.Contains("values"));
    }

    private static DataLoader Loader(Mixup? mixup)
    {
        var x = Tensor.Uniform([11, 6], 0, 1, new Rng(5));
        var set = new TensorDataset(x, [0, 1, 2, 0, 1, 2, 1, 1, 2, 0, 0], ["a", "b", "c"]);
        return new(set, 4, seed: 9) { Mixup = mixup };
    }

    private static float[] Draw(Shape shape)
    {
        var rng = new Rng(1);
        return [.. Enumerable.Range(0, shape.Size).Select(_ => rng.NextFloat())];
    }

    private static float[] Apply(ITransform transform, Shape shape, float[] x, ulong seed)
    {
        var y = new float[transform.Infer(shape).Size];
        transform.Apply(shape, x, y, new Rng(seed));
        return y;
    }

    private sealed class Values : IEqualityComparer<float[]>
    {
        public bool Equals(float[]? a, float[]? b) => a!.AsSpan().SequenceEqual(b);

        public int GetHashCode(float[] values) => values.Length;
    }
}

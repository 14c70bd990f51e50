using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class RecipeTests
{
    private static readonly Recipe Plain = new() { Data = "shapes", LearningRate = 0.5f, Epochs = 10 };

    [Test]
    public void Every_recipe_s_schedule_fits_any_number_of_epochs()
    {
        foreach (var recipe in NetworkCatalog.All.Select(network => network.Recipe).Append(NetworkCatalog.QuickStart))
            foreach (var epochs in (int[])[1, 2, 3, recipe.Epochs, 1000])
                foreach (var batches in (int[])[1, 7])
                {
                    var schedule = (recipe with { Epochs = epochs }).CreateSchedule(batches);
                    var steps = Enumerable.Range(0, epochs * batches);
                    var rates = steps.Select(step => schedule.At(step, recipe.LearningRate));
                    Assert.That(rates, Is.All.GreaterThan(0f).And.All.LessThanOrEqualTo(recipe.LearningRate));
                }
    }

    [Test]
    public void The_optimizer_is_of_the_recipe_s_kind()
    {
        var parameters = new Linear(2, 2, new Rng(1)).Parameters();
        Assert.That(Plain.CreateOptimizer(parameters), Is.TypeOf<Sgd>().With.Property("LearningRate").EqualTo(0.5f));
        Assert.That((Plain with { Optimizer = OptimizerKind.Adam }).CreateOptimizer(parameters), Is.TypeOf<Adam>());
        Assert.That((Plain with { Optimizer = OptimizerKind.AdamW }).CreateOptimizer(parameters), Is.TypeOf<AdamW>());
        Assert.That(
            (Plain with { Optimizer = OptimizerKind.RMSprop }).CreateOptimizer(parameters), Is.TypeOf<RMSprop>());
    }

    [Test]
    public void Images_are_resized_and_normalized()
    {
        var white = new ImageDataset("white train", ["a", "b"], [1, 6, 4], [.. Enumerable.Repeat((byte)255, 24)], [0]);
        var transform = (Plain with { Resize = 8 }).CreateTransforms(white);

        Assert.That(transform.Infer(white.ItemShape), Is.EqualTo(Shape.Create([1, 8, 8])));
        Assert.That(Apply(transform, white), Is.All.EqualTo(1f));          // (1 − 0.5) / 0.5
    }

    [TestCase(1, false)]
    [TestCase(3, true)]
    public void Only_color_images_are_mirrored(int channels, bool mirrored)
    {
        var pixels = new byte[channels * 16 * 16];
        pixels[5 * 16 + 5] = 255;                      // one bright pixel with a darker one to its right
        pixels[5 * 16 + 6] = 100;
        var data = new ImageDataset("dot train", ["a", "b"], [channels, 16, 16], pixels, [0]);
        var transform = Plain.CreateTransforms(data, augment: true);

        var (places, mirrors) = (new HashSet<int>(), 0);
        for (ulong seed = 0; seed < 64; seed++)
        {
            var image = Apply(transform, data, seed);
            var place = Array.IndexOf(image, image.Max());
            places.Add(place);
            if (image[place - 1] > image[place + 1]) mirrors++;
        }

        Assert.That(places, Has.Count.GreaterThan(20));     // of 81 places; all 64 draws in so few has no chance
        Assert.That(mirrors > 0, Is.EqualTo(mirrored));
    }

    [Test]
    public void Features_get_mean_0_and_deviation_1()
    {
        var data = new FeatureDataset("four train", ["a", "b"], [1, 7, 2, 7, 3, 7, 4, 7], [0, 1, 0, 1]);
        var transform = Plain.CreateTransforms(data);
        var items = Enumerable.Range(0, 4).Select(i => Apply(transform, data, item: i)).ToArray();

        Assert.That(items.Average(item => item[0]), Is.Zero.Within(1e-6));
        Assert.That(items.Average(item => item[0] * item[0]), Is.EqualTo(1).Within(1e-6));
        Assert.That(items.Select(item => item[1]), Is.All.Zero);           // a feature that never changes
        Assert.That(() => Plain.CreateTransforms(data, augment: true), Throws.TypeOf<InputException>());
    }

    private static float[] Apply(ITransform transform, Dataset data, ulong seed = 0, int item = 0)
    {
        var (x, y) = (new float[data.ItemShape.Size], new float[transform.Infer(data.ItemShape).Size]);
        data.Read(item, x);
        transform.Apply(data.ItemShape, x, y, new Rng(seed));
        return y;
    }
}

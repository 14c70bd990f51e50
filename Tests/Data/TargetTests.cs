using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Data sets and batches whose targets are masks or values.</summary>
public sealed class TargetTests
{
    [Test]
    public void Values_are_shuffled_with_their_items()
    {
        var data = new TensorDataset(Numbers([10, 2]), Numbers([10, 3]) * 10);
        Assert.That((data.Count, data.TargetShape, data.HasLabels), Is.EqualTo((10, Shape.Create([3]), false)));
        List<float> seen = [];
        foreach (var batch in new DataLoader(data, 4, seed: 5).Epoch(1))
        {
            Assert.That(batch.Target.Shape, Is.EqualTo(Shape.Create([batch.Count, 3])));
            var (x, y) = (batch.X.ToArray(), batch.Target.Values.ToArray());
            for (var i = 0; i < batch.Count; i++)
            {
                seen.Add(x[2 * i]);
                var item = x[2 * i] / 2;
                Assert.That(y[(3 * i)..(3 * i + 3)], Is.EqualTo(new[] { 30 * item, 30 * item + 10, 30 * item + 20 }));
            }
        }

        Assert.That(seen, Is.EquivalentTo(Enumerable.Range(0, 10).Select(i => 2f * i)).And.Not.Ordered);
    }

    [Test]
    public void Masks_are_shuffled_with_their_items()
    {
        int[] pixels = [.. Enumerable.Range(0, 8 * 2 * 3)];
        var data = new TensorDataset(Numbers([8, 1, 2, 3]), new Labels([8, 2, 3], pixels));
        Assert.That((data.HasLabels, data.HasLabelPerItem, data.ClassNames.Count), Is.EqualTo((true, false, 48)));
        foreach (var (x, labels) in new DataLoader(data, 3, seed: 5).Epoch(1))
        {
            Assert.That(labels.Shape, Is.EqualTo(Shape.Create([x.Shape[0], 2, 3])));
            Assert.That(labels.Select(k => (float)k), Is.EqualTo(x.ToArray()));
        }
    }

    [Test]
    public void Labels_are_those_of_a_classifier()
    {
        var data = new TensorDataset(Numbers([4, 2]), [1, 0, 2, 1], name: "four");
        Assert.That((data.HasLabelPerItem, data.TargetShape.Rank, data.Name), Is.EqualTo((true, 0, "four")));
        Assert.That(data.ClassNames, Is.EqualTo(new[] { "0", "1", "2" }));
        var (x, labels) = new DataLoader(data, 4, shuffle: false).Epoch(0).Single();
        Assert.That((x.ToArray()[7], labels[2]), Is.EqualTo((7f, 2)));
        Assert.That(() => new TensorDataset(Numbers([2, 1]), [0, 3], ["a", "b"]), Throws.ArgumentException);
    }

    [Test]
    public void Images_of_values_are_in_logical_order()
    {
        var images = Numbers([2, 3, 2, 2]);
        var batch = new DataLoader(new TensorDataset(images, images), 2, shuffle: false).Epoch(0).Single();
        Assert.That(batch.Target.Values.ToArray(), Is.EqualTo(images.ToArray()));
        Assert.That((batch.Target.Values - batch.X).Sum().Item(), Is.Zero);
    }

    [Test]
    public void The_first_items_keep_their_targets()
    {
        var values = new TensorDataset(Numbers([4, 1]), Numbers([4, 2])).Take(2);
        var target = new float[2];
        values.ReadTarget(1, target);
        Assert.That((values.Count, target), Is.EqualTo((2, new[] { 2f, 3 })));
        Assert.That(() => values.ReadTarget(2, target), Throws.TypeOf<ArgumentOutOfRangeException>());

        var masks = new TensorDataset(Numbers([2, 1, 1, 2]), new Labels([2, 1, 2], [4, 3, 2, 1])).Take(1);
        var mask = new int[2];
        masks.ReadTarget(0, mask);
        Assert.That(mask, Is.EqualTo(new[] { 4, 3 }));
    }

    [Test]
    public void A_target_of_another_kind_is_an_error_that_says_so()
    {
        var values = new TensorDataset(Numbers([4, 1]), Numbers([4, 2]), "regression");
        Assert.That(
            () => values.Labels.Length, Throws.InvalidOperationException.With.Message.Contains("values of shape [2]"));
        Assert.That(() => values.ReadTarget(0, new int[2]), Throws.InvalidOperationException);
        Assert.That(() => values.ReadTarget(0, new float[3]), Throws.ArgumentException.With.Message.Contains("[2]"));
        var labels = new TensorDataset(Numbers([1, 1]), [0]);
        Assert.That(() => labels.ReadTarget(0, new float[1]), Throws.InvalidOperationException);
        var batch = new DataLoader(values, 2).Epoch(0).First();
        Assert.That(() => { var (_, _) = batch; }, Throws.InvalidOperationException);
        Assert.That(
            () => new Bare([], []).ReadTarget(0, new float[1]), Throws.TypeOf<NotSupportedException>());
        Assert.That(() => new Bare([], ["a"]), Throws.ArgumentException);
        Assert.That(
            () => new Bare([2], ["a"]).ReadTarget(0, new int[2]), Throws.TypeOf<NotSupportedException>());
    }

    [Test]
    public void Tensors_that_do_not_fit_together_are_refused()
    {
        Assert.That(
            () => new TensorDataset(Numbers([4, 1]), Numbers([3, 1])),
            Throws.TypeOf<ShapeException>().With.Message.Contains("[4, 1]").And.Message.Contains("[3, 1]"));
        Assert.That(() => new TensorDataset(Numbers([4, 1]), [0, 1]), Throws.TypeOf<ShapeException>());
        Assert.That(() => new TensorDataset(Numbers([]), Numbers([1])), Throws.TypeOf<ShapeException>());
        Assert.That(
            () => new TensorDataset(Numbers([2, 1]), new Labels([0, 1])), Throws.ArgumentException);
    }

    [NonParallelizable]
    [Test]
    public void Batches_of_values_take_no_new_storage_after_the_first()
    {
        var device = new CpuDevice(threads: 1);
        var data = new TensorDataset(Tensor.Zeros([80, 64]), Tensor.Zeros([80, 64]));
        var loader = new DataLoader(data, 4, device: device);
        for (var epoch = 1; epoch <= 60; epoch++) Read(epoch);
        var taken = device.Memory.SystemAllocations;
        for (var epoch = 61; epoch <= 120; epoch++) Read(epoch);
        Assert.That(device.Memory.SystemAllocations, Is.EqualTo(taken));

        void Read(int epoch)
        {
            foreach (var batch in loader.Epoch(epoch)) Assert.That(batch.Target.Values.Shape[0], Is.EqualTo(4));
        }
    }

    private static Tensor Numbers(Shape shape) =>
        Tensor.From(shape, [.. Enumerable.Range(0, shape.Size).Select(i => (float)i)]);

    /// <summary>Has no code for its targets.</summary>
    private sealed class Bare(Shape target, IReadOnlyList<string> classes)
        : Dataset("bare", [1], target, 1, classes.Count == 0 ? null : classes)
    {
        protected override void ReadItem(int index, Span<float> item) => item.Clear();
    }
}

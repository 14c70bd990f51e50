using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The layers Embedding and Identity.</summary>
public sealed class EmbeddingTests
{
    [Test]
    public void Ids_are_labels_or_whole_numbers()
    {
        var layer = new Embedding(5, 3, new(1));
        var rows = layer.Weight.ToArray().Chunk(3).ToArray();
        float[] expected = [.. rows[4], .. rows[0]];
        Assert.That(layer.Forward(new Labels([4, 0])).ToArray(), Is.EqualTo(expected));
        Assert.That(layer.Forward(Tensor.From([2], [4, 0])).ToArray(), Is.EqualTo(expected));
        Assert.That(layer.Forward(new Labels([1, 2], [4, 0])).Shape, Is.EqualTo(Shape.Create([1, 2, 3])));
        Assert.That(
            () => layer.Forward(Tensor.From([1], [0.5f])), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => layer.Forward(new Labels([5])), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void It_prints_as_in_PyTorch()
    {
        Assert.That($"{new Embedding(5, 3, new(1))}", Is.EqualTo("Embedding(5, 3)"));
        Assert.That($"{new Embedding(5, 3, new(1), paddingIndex: 0)}", Is.EqualTo("Embedding(5, 3, padding_idx=0)"));
        Assert.That($"{new Identity()}", Is.EqualTo("Identity()"));
        Assert.That(new Embedding(5, 3, new(1)).State().Single().Name, Is.EqualTo("weight"));
    }

    [Test]
    public void The_table_is_standard_normal_but_for_padding()
    {
        var table = new Embedding(1000, 20, new(1), paddingIndex: 999).Weight.ToArray();
        Assert.That(table[^20..], Is.All.Zero);
        // Of 19,980 draws: the mean deviates by 0.007, the variance by 0.01 (one standard deviation)
        Assert.That(table[..^20].Average(), Is.Zero.Within(0.04));
        Assert.That(table[..^20].Average(v => v * v), Is.EqualTo(1).Within(0.05));
    }

    [Test]
    public void Hooks_run_with_labels_too()
    {
        var layer = new Embedding(5, 3, new(1));
        float[]? seen = null;
        using (layer.RegisterForwardHook((_, ids, _) => seen = ids.ToArray())) layer.Forward(new Labels([4, 0]));
        Assert.That(seen, Is.EqualTo(new[] { 4f, 0 }));
    }

    [Test]
    public void Sizes_outside_their_ranges_are_refused()
    {
        Assert.That(() => new Embedding(0, 3, new(1)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new Embedding(3, 0, new(1)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        foreach (var padding in (int[])[-1, 3])
            Assert.That(
                () => new Embedding(3, 2, new(1), padding),
                Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("from 0 to 2"));
    }

    [Test]
    public void A_chain_with_an_embedding_trains_all_but_the_padding()
    {
        var rng = new Rng(1);
        var model = new Sequential(new Embedding(6, 4, rng, paddingIndex: 0), new Flatten(), new Linear(8, 2, rng));
        var optimizer = new Sgd(model.Parameters(), 0.5f);
        var (ids, labels) = (Tensor.From([3, 2], [0, 1, 2, 3, 4, 0]), new Labels([0, 1, 0]));
        var (before, losses) = (model.State()[0].Tensor.ToArray(), new List<float>());
        for (var step = 0; step < 20; step++)
        {
            optimizer.ZeroGrad();
            var loss = model.Forward(ids).CrossEntropy(labels);
            loss.Backward();
            optimizer.Step();
            losses.Add(loss.Item());
        }

        var after = model.State()[0].Tensor.ToArray();
        Assert.That(losses[^1], Is.LessThan(0.5f * losses[0]));
        Assert.That(after[..4], Is.All.Zero);
        Assert.That(after[20..], Is.EqualTo(before[20..]), "no batch had the last id");
        Assert.That(after[4..20], Is.Not.EqualTo(before[4..20]));
    }

    [Test]
    public void Identity_is_the_input_itself()
    {
        var x = Tensor.From([2], [1, 2]);
        Assert.That(new Identity().Forward(x), Is.SameAs(x));
        var y = new Sequential(new Identity(), new ReLU(), new Identity()).Forward(Tensor.From([2], [-1, 2]));
        Assert.That(y.ToArray(), Is.EqualTo(new[] { 0f, 2 }));
        Assert.That(x.ToArray(), Is.EqualTo(new[] { 1f, 2 }));
    }
}

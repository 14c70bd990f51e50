using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Indexing, creation and copies, beside what every row of the op table is tested for.</summary>
public sealed class IndexingTests
{
    [Test]
    public void Integers_indices_and_ranges_mix()
    {
        var x = Tensor.Arange(60).Reshape(5, 3, 4);
        Assert.That(x[1..3, .., ^1].ToArray(), Is.EqualTo(new[] { 15, 19, 23, 27, 31, 35 }));
        Assert.That(x[4, 2, 3].Item(), Is.EqualTo(59));
        Assert.That(x[-1, -1, -1].Item(), Is.EqualTo(59));
        Assert.That(x[^5].ToArray(), Is.EqualTo(Enumerable.Range(0, 12)));
        Assert.That(x[TensorIndex.Ellipsis, 0].Shape, Is.EqualTo(Shape.Create([5, 3])));
        Assert.That(x[TensorIndex.NewAxis, 0, TensorIndex.NewAxis].Shape, Is.EqualTo(Shape.Create([1, 1, 3, 4])));
        Assert.That(x[5.., 1].Shape, Is.EqualTo(Shape.Create([0, 4])));
        Assert.That(Tensor.Full([], 7)[[]].Item(), Is.EqualTo(7));
    }

    [Test]
    public void An_index_outside_of_its_axis_is_an_error_with_value_and_range()
    {
        var x = Tensor.Zeros([3, 4]);
        AssertRefuses(() => x[3], "3 is not an index of axis 0 of [3, 4]");
        AssertRefuses(() => x[-4], "^4 is not an index of axis 0 of [3, 4]");
        AssertRefuses(() => x[.., ^0], "^0 is not an index of axis 1 of [3, 4]");
        AssertRefuses(() => x[1..4], "1..4 is not within 0..3, axis 0 of [3, 4]");
        AssertRefuses(() => x[2..1], "2..1 is not within 0..3");
        AssertRefuses(() => x[.., ^5..], "^5..^0 is not within 0..4");
        AssertRefuses(() => x.Slice(1, ..5), "0..5 is not within 0..4");
        AssertRefuses(() => x.Slice(1, .., step: 0), "step");
        AssertRefuses(() => x.Narrow(1, 5, 0), "start 5 is not from 0 to 4");
        AssertRefuses(() => x.Narrow(1, 2, 3), "length 3 is not from 0 to 2");
        AssertRefuses(() => x.Select(0, 7), "7 is not an index of axis 0");
        AssertRefuses(() => x.Split(0), "size");
        AssertRefuses(() => x.IndexSelect(0, 0, 3), "index 3 is outside 0 … 2");
        AssertRefuses(() => x.IndexSelect(1, -1), "index -1 is outside 0 … 3");
    }

    [Test]
    public void A_part_is_a_copy_and_all_is_a_view()
    {
        var x = Tensor.Arange(6).Reshape(2, 3);
        var (row, all, image) = (x[1], x[..], Tensor.Zeros([1, 2, 3, 4])[0]);
        Assert.That(row.Storage, Is.Not.SameAs(x.Storage));
        Assert.That(all.Storage, Is.SameAs(x.Storage));
        Assert.That(x.Unsqueeze(0).Squeeze().Storage, Is.SameAs(x.Storage));
        Assert.That(image.Shape, Is.EqualTo(Shape.Create([2, 3, 4])));
        x.CopyFrom([9, 9, 9, 9, 9, 9]);
        Assert.That(row.ToArray(), Is.EqualTo(new[] { 3, 4, 5 }));
        Assert.That(all.ToArray(), Is.All.EqualTo(9));
    }

    /// <summary>Half of the gradient's views are written through: the versions of a shared storage are one.</summary>
    [Test]
    public void A_view_that_is_overwritten_is_noticed_by_backward()
    {
        var x = Tensor.Arange(4);
        x.RequiresGrad = true;
        var doubled = x + x;
        var view = doubled[..];
        var y = (view * view).Sum();
        doubled.CopyFrom([1, 1, 1, 1]);
        Assert.Throws<InvalidOperationException>(() => y.Backward());
    }

    [Test]
    public void Indexing_the_same_tensor_often_adds_its_gradients()
    {
        var x = Tensor.Arange(4);
        x.RequiresGrad = true;
        (x[0] * x[1] + x[1] * x[^1] + x[..2].Sum()).Backward();
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new[] { 2, 4, 0, 1 }));
    }

    [Test]
    public void Joining_nothing_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Tensor.Concat([]));
        Assert.Throws<ArgumentException>(() => Tensor.Stack([]));
    }

    [Test]
    public void An_index_prints_as_it_is_written()
    {
        TensorIndex[] indices =
            [3, -2, ^1, 1..3, Range.All, Range.StartAt(^2), TensorIndex.NewAxis, TensorIndex.Ellipsis];
        Assert.That(
            string.Join(", ", indices), Is.EqualTo("3, ^2, ^1, 1..3, .., ^2..^0, NewAxis, Ellipsis"));
    }

    [Test]
    public void Factories_make_what_PyTorchs_make()
    {
        Assert.That(Tensor.Ones([2, 1, 1, 3]).ToArray(), Is.EqualTo(new float[] { 1, 1, 1, 1, 1, 1 }));
        Assert.That(Tensor.Arange(0).Shape, Is.EqualTo(Shape.Create([0])));
        Assert.That(Tensor.Arange(1, 2, 0.25).ToArray(), Is.EqualTo(new[] { 1, 1.25f, 1.5f, 1.75f }));
        Assert.That(Tensor.Arange(5, 0, -2).ToArray(), Is.EqualTo(new[] { 5, 3, 1 }));
        Assert.That(Tensor.Arange(3, 3).Shape, Is.EqualTo(Shape.Create([0])));
        Assert.That(Tensor.Arange(1, 1e6 + 1).ToArray()[^1], Is.EqualTo(1e6f), "computed from its index");
        Assert.That(Tensor.Eye(2).ToArray(), Is.EqualTo(new[] { 1, 0, 0, 1 }));
        Assert.That(Tensor.Eye(2, 3).ToArray(), Is.EqualTo(new[] { 1, 0, 0, 0, 1, 0 }));
        Assert.That(Tensor.Eye(3, 1).ToArray(), Is.EqualTo(new[] { 1, 0, 0 }));
        AssertRefuses(() => Tensor.Arange(-1), "end");
        AssertRefuses(() => Tensor.Arange(0, 1, 0), "no steps of 0 lead from 0 to 1");
        AssertRefuses(() => Tensor.Arange(0, 1, -1), "no steps of -1 lead from 0 to 1");
        AssertRefuses(() => Tensor.Arange(0, 1, double.NaN), "NaN");
        AssertRefuses(() => Tensor.Arange(0, double.PositiveInfinity), "1 lead from 0 to Infinity");
        AssertRefuses(() => Tensor.Arange(0, 1, double.PositiveInfinity), "no steps of Infinity");
        Assert.Throws<ShapeException>(() => Tensor.Eye(-1));
    }

    [Test]
    public void A_clone_has_storage_of_its_own()
    {
        var x = Tensor.Arange(4);
        var copy = x.Clone();
        x.CopyFrom([9, 9, 9, 9]);
        Assert.That(copy.ToArray(), Is.EqualTo(new[] { 0, 1, 2, 3 }));
        Assert.That(x.Detach().Clone().GradFn, Is.Null);
    }

    /// <summary>Ranks up to 6, strides of every kind, lengths across the tiles' borders.</summary>
    [TestCase(0), TestCase(1), TestCase(2), TestCase(3), TestCase(4), TestCase(5)]
    public void Permutations_and_slices_of_any_shape_move_every_element(int seed)
    {
        var rng = new Rng((ulong)seed);
        for (var trial = 0; trial < 60; trial++)
        {
            var rank = 1 + rng.Next(6);
            Shape shape = [.. Enumerable.Range(0, rank).Select(i => 1 + rng.Next(rank < 4 ? 70 : 7))];
            var order = Enumerable.Range(0, rank).ToArray();
            for (var i = rank - 1; i > 0; i--) Swap(order, i, rng.Next(i + 1));
            var (axis, step) = (rng.Next(rank), 1 + rng.Next(3));
            var first = rng.Next(shape[axis]);

            var x = Tensor.Arange(shape.Size).Reshape(shape);
            var y = ReferenceTensor.Of(x.Slice(axis, first.., step).Permute(order));
            var reference = ReferenceTensor.Of(x);
            var index = new int[rank];
            var expected = ReferenceTensor.Of(y.Shape, i =>
            {
                for (var j = 0; j < rank; j++) index[order[j]] = i[j];
                index[axis] = first + step * index[axis];
                return reference[index];
            });
            Assert.That(
                y.Values.SequenceEqual(expected.Values), $"{shape}, {string.Join(' ', order)}, {axis}: {first}");
        }

        static void Swap(int[] order, int i, int j) => (order[i], order[j]) = (order[j], order[i]);
    }

    /// <summary>
    /// Twenty million equal indices: a float above 2²⁴ does not change when 1 is added.
    /// </summary>
    [Test]
    public void The_gradient_of_a_repeated_row_counts_beyond_2_to_the_24()
    {
        var x = Tensor.Zeros([2, 1]);
        x.RequiresGrad = true;
        var y = x.IndexSelect(0, new int[20_000_000]);
        y.Backward(Tensor.Ones(y.Shape));
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new[] { 20_000_000, 0 }));
    }

    private static void AssertRefuses(Func<object> call, string what)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => call())!;
        Assert.That(error.Message, Does.Contain(what));
        Assert.That(error.ActualValue, Is.Not.Null);
    }
}

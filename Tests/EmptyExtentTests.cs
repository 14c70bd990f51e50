using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// Extents of 0: what comes out is what PyTorch has, and nothing is read or written outside of a tensor.
/// </summary>
[Category("Kernels")]
public sealed class EmptyExtentTests
{
    [TestCaseSource(typeof(OpTable), nameof(OpTable.Rows))]
    public void Nothing_outside_of_a_tensor_is_read_or_written(OpRow row)
    {
        foreach (var shapes in EmptyExtents.Of(row))
        {
            var what = string.Join(", ", shapes.AsEnumerable());
            var one = EmptyExtents.Run(row, shapes, Device.Cpu, float.NaN);
            Assert.That(one, Is.EqualTo(EmptyExtents.Run(row, shapes, Device.Cpu, 777)), what);
            if (one is not null && !EmptyExtents.MayBeNaN(row))
                Assert.That(one.SelectMany(values => values), Has.None.NaN, what);
        }
    }

    private static readonly float[] Nothing = [];

    public static IEnumerable<EmptyInputCase> PyTorchCases =>
    [
        new("Sum of nothing", x => x[0].Sum(), [[0, 3]], [], [0], Nothing),
        new("Sum over an empty axis", x => x[0].Sum([0]), [[0, 3]], [3], [0, 0, 0], Nothing),
        new(
            "Sum over an empty first axis of many columns", x => x[0].Sum([0]),
            [[0, 3000]], [3000], new float[3000], Nothing),
        new("Sum over an axis beside an empty one", x => x[0].Sum([1]), [[0, 3]], [0], Nothing, Nothing),
        new("Sum over empty pixels", x => x[0].Sum([2, 3]), [[2, 2, 0, 4]], [2, 2], [0, 0, 0, 0], Nothing),
        new("Mean of nothing", x => x[0].Mean(), [[0]], [], [float.NaN], Nothing),
        new("Mean over an empty axis", x => x[0].Mean([1]), [[2, 0]], [2], [float.NaN, float.NaN], Nothing),
        new("Mean over an axis beside an empty one", x => x[0].Mean([1]), [[0, 2]], [0], Nothing, Nothing),
        new("MatMul over nothing", x => x[0].MatMul(x[1]), [[2, 0], [0, 3]], [2, 3], new float[6], Nothing, Nothing),
        new("MatMul of no rows", x => x[0].MatMul(x[1]), [[0, 2], [2, 3]], [0, 3], Nothing, Nothing, new float[6]),
        new(
            "MatMul of no columns", x => x[0].MatMul(x[1], transposeB: true),
            [[3, 2], [0, 2]], [3, 0], Nothing, new float[6], Nothing),
        new(
            "Linear of no inputs", x => x[0].Linear(x[1], x[2]),
            [[3, 0], [2, 0], [2]], [3, 2], [1, 1, 1, 1, 1, 1], Nothing, Nothing, [3, 3]),
        new(
            "Linear of no items", x => x[0].Linear(x[1], x[2]),
            [[0, 3], [2, 3], [2]], [0, 2], Nothing, Nothing, new float[6], [0, 0]),
        new(
            "Linear to no outputs", x => x[0].Linear(x[1], x[2]),
            [[2, 3], [0, 3], [0]], [2, 0], Nothing, new float[6], Nothing, Nothing),
        new(
            "Conv2d of no images", x => x[0].Conv2d(x[1], x[2]),
            [[0, 2, 3, 3], [2, 2, 2, 2], [2]], [0, 2, 2, 2], Nothing, Nothing, new float[16], [0, 0]),
        new("MaxPool2d of no images", x => x[0].MaxPool2d((2, 2)), [[0, 2, 4, 4]], [0, 2, 2, 2], Nothing, Nothing),
        new("AvgPool2d of no images", x => x[0].AvgPool2d((2, 2)), [[0, 2, 4, 4]], [0, 2, 2, 2], Nothing, Nothing),
        new(
            "AdaptiveAvgPool2d of no channels", x => x[0].AdaptiveAvgPool2d(2, 2),
            [[1, 0, 4, 4]], [1, 0, 2, 2], Nothing, Nothing),
        new("GlobalAvgPool2d of no channels", x => x[0].GlobalAvgPool2d(), [[1, 0, 4, 4]], [1, 0], Nothing, Nothing),
        new("Softmax over no classes", x => x[0].Softmax(), [[2, 0]], [2, 0], Nothing, Nothing),
        new("LogSoftmax of no items", x => x[0].LogSoftmax(), [[0, 3]], [0, 3], Nothing, Nothing),
        new("CrossEntropy of no items", x => x[0].CrossEntropy(), [[0, 3]], [], [float.NaN], Nothing),
        new(
            "BatchNorm of no items in training", x => Trained(x[0], x[1], x[2]),
            [[0, 3], [3], [3]], [0, 3], Nothing, Nothing, [0, 0, 0], [0, 0, 0]),
        new(
            "BatchNorm of no pixels in training", x => Trained(x[0], x[1], x[2]),
            [[2, 3, 0, 4], [3], [3]], [2, 3, 0, 4], Nothing, Nothing, [0, 0, 0], [0, 0, 0]),
        new(
            "LayerNorm of no items", x => x[0].LayerNorm([3], x[1], x[2]),
            [[0, 3], [3], [3]], [0, 3], Nothing, Nothing, [0, 0, 0], [0, 0, 0]),
        new(
            "LayerNorm over nothing", x => x[0].LayerNorm([0], x[1], x[2]),
            [[3, 0], [0], [0]], [3, 0], Nothing, Nothing, Nothing, Nothing),
        new(
            "GroupNorm of no images", x => x[0].GroupNorm(2, x[1], x[2]),
            [[0, 4, 2, 2], [4], [4]], [0, 4, 2, 2], Nothing, Nothing, new float[4], new float[4]),
        new(
            "GroupNorm of no pixels", x => x[0].GroupNorm(2, x[1], x[2]),
            [[2, 4, 0, 2], [4], [4]], [2, 4, 0, 2], Nothing, Nothing, new float[4], new float[4]),
        new(
            "Upsample of no images", x => x[0].Upsample(scaleFactor: 2),
            [[0, 2, 4, 4]], [0, 2, 8, 8], Nothing, Nothing),
        new("Add of a row to nothing", x => x[0] + x[1], [[0, 3], [3]], [0, 3], Nothing, Nothing, [0, 0, 0]),
        new("Multiply of one with nothing", x => x[0] * x[1], [[1], [0]], [0], Nothing, [0], Nothing),
        new("Flatten of no pixels", x => x[0].Flatten(), [[2, 3, 0, 4]], [2, 0], Nothing, Nothing),
        new("Reshape of nothing with a rest", x => x[0].Reshape(5, -1), [[0, 3]], [5, 0], Nothing, Nothing),
    ];

    [TestCaseSource(nameof(PyTorchCases))]
    public void Results_are_PyTorchs(EmptyInputCase one) => one.Check(Device.Cpu);

    /// <summary>Pooling and kernels without an element, and other cases that are errors in PyTorch too.</summary>
    public static IEnumerable<ShapeErrorRow> Refused
    {
        get
        {
            Shape[] empty = [[1, 1, 0, 5], [1, 9, 3, 0], [1, 1, 0, 0], [1, 0, 4, 4], [0, 1, 0, 5]];
            foreach (var ceil in (bool[])[false, true])
                foreach (var (k, p) in ((int, int)[])[(1, 0), (2, 0), (2, 1), (3, 1), (4, 2), (5, 2), (6, 3)])
                    foreach (var shape in empty)
                    {
                        yield return new(
                            "MaxPool2d", x => x[0].MaxPool2d((k, k), (1, 1), (p, p), ceilMode: ceil), shape);
                        yield return new("AvgPool2d", x => x[0].AvgPool2d((k, k), (1, 1), (p, p), ceil, false), shape);
                        yield return new("AvgPool2d", x => x[0].AvgPool2d((k, k), (2, 2), (p, p), ceil), shape);
                    }

            yield return new("Conv2d", x => x[0].Conv2d(x[1]), [1, 3, 0, 4], [2, 3, 1, 1]);
            yield return new("Conv2d", x => x[0].Conv2d(x[1], padding: 1), [1, 3, 0, 4], [2, 3, 3, 3]);
            yield return new("Conv2d", x => x[0].Conv2d(x[1], x[2], padding: 1), [1, 3, 4, 0], [2, 3, 1, 1], [2]);
            yield return new("Conv2d", x => x[0].Conv2d(x[1]), [1, 0, 4, 4], [2, 0, 3, 3]);
            yield return new("AdaptiveAvgPool2d", x => x[0].AdaptiveAvgPool2d(2, 2), [[1, 1, 0, 4]]);
            yield return new("GlobalAvgPool2d", x => x[0].GlobalAvgPool2d(), [[1, 1, 4, 0]]);
            yield return new("ArgMax", x => { x[0].ArgMax(); return x[0]; }, [[2, 0]]);
            yield return new("Reshape", x => x[0].Reshape(0, -1), [[0, 3]]);
        }
    }

    [TestCaseSource(nameof(Refused))]
    public void Kernels_without_an_element_are_errors(ShapeErrorRow fault) =>
        new OpTests().Shape_errors_name_the_op_and_all_shapes(fault);

    [Test]
    public void A_batch_of_nothing_leaves_the_running_statistics()
    {
        var (mean, variance) = (Tensor.Full([3], 5), Tensor.Full([3], 7));
        Tensor.Zeros([0, 3]).BatchNorm(mean, variance, training: true);
        Assert.That(mean.ToArray(), Is.All.EqualTo(5));
        Assert.That(variance.ToArray(), Is.All.EqualTo(7));
    }

    [Test]
    public void Extents_beside_one_of_0_do_not_overflow() =>
        Assert.Throws<ShapeException>(() => Tensor.Zeros([0, 100_000, 100_000]).Flatten());

    [Test]
    public void Evaluation_of_nothing_counts_nothing()
    {
        var scores = Tensor.Zeros([0, 3]);
        Assert.That(scores.ArgMax(), Is.Empty);
        Assert.That(scores.CorrectCount(), Is.Zero);
        var log = new BatchMetricsLog();
        log.Add(scores, scores.CrossEntropy(), new Labels([]));
        Assert.That(log.Drain().Single() is { BatchSize: 0, Correct: 0 });
    }

    private static Tensor Trained(Tensor x, Tensor weight, Tensor bias) =>
        x.BatchNorm(null, null, weight, bias, training: true);
}

/// <summary>An op on ones, and what it yields; and the gradients for a seed of ones.</summary>
public sealed record EmptyInputCase(
    string Name, Func<Tensor[], Tensor> Op, Shape[] Shapes, Shape Result, float[] Values, params float[][] Gradients)
{
    public void Check(Device device)
    {
        var x = Shapes.Select(shape => Tensor.Full(shape, 1, device)).ToArray();
        foreach (var leaf in x) leaf.RequiresGrad = true;
        var y = Op(x).Keep();
        Assert.That(y.Shape, Is.EqualTo(Result));
        Assert.That(y.ToArray(), Is.EqualTo(Values));
        y.Backward(Tensor.Full(y.Shape, 1, device));
        Assert.That(x.Select(leaf => leaf.Grad!.ToArray()), Is.EqualTo(Gradients));
    }

    public override string ToString() => Name;
}

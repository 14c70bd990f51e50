using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class SnapshotTests
{
    [Test]
    public void A_model_goes_back_to_its_latest_copy()
    {
        var model = new Sequential(new Conv2d(3, 5, 3, new Rng(1)), new BatchNorm2d(5));
        var copy = new Snapshot(model);
        Spoil(model, 1);
        copy.Update();
        var taken = Numbers(model);
        Spoil(model, 2);

        copy.Restore();

        Assert.That(Numbers(model), Is.EqualTo(taken));
    }

    [Test]
    public void Tensors_are_copied_between_equal_shapes_on_one_device_only()
    {
        var x = Tensor.Uniform([2, 3, 4, 5], 0, 1, new Rng(1));
        var y = Tensor.Zeros([2, 3, 4, 5]);
        y.CopyFrom(x);

        Assert.That(y.ToArray(), Is.EqualTo(x.ToArray()));
        Assert.That(
            () => Tensor.Zeros([2, 3, 20]).CopyFrom(x),
            Throws.TypeOf<ShapeException>().With.Message.Contains("[2, 3, 4, 5]").And.Message.Contains("[2, 3, 20]"));
        Assert.That(() => Tensor.Zeros([2, 3, 4, 5], new CpuDevice(1)).CopyFrom(x), Throws.InvalidOperationException);
    }

    private static void Spoil(Module model, float value)
    {
        foreach (var (_, tensor) in model.State()) tensor.CopyFrom([.. Enumerable.Repeat(value, tensor.Shape.Size)]);
    }

    private static float[] Numbers(Module model) => [.. model.State().SelectMany(s => s.Tensor.ToArray())];
}

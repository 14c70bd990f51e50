using NUnit.Framework;
using Tutorial;

namespace PyNetSharp.Tests;

/// <summary>The tutorial's loss and its ResNet-18: PyTorch's values, and training.</summary>
public sealed class ResNetTests
{
    /// <summary>Batch, width and rate are those of Tests/Golden/resnet.py.</summary>
    [Test]
    public void Ten_steps_are_PyTorchs()
    {
        const int width = 16;
        using var golden = new GoldenFile("resnet");
        var model = new ResNet18(10, new(0), width);
        GoldenModels.DrawParameters(model);
        var names = golden.Names.Select(name => name.Split('/')[0]).Distinct().Except(["losses"]).Order();
        Assert.That(
            model.State().Select(state => state.Name).Order(), Is.EqualTo(names), "the same names as in PyTorch");

        var (x, labels) = GoldenModels.Batch(new(3), [8, 3, 16, 16]);
        var batch = new Batch(x, new Labels(labels));
        var losses = ResNetTraining.Train(model, Enumerable.Repeat(batch, 10), steps: 10, learningRate: 0.02f);

        foreach (var (step, expected) in golden.Values("losses").Index())
            Assert.That(losses[step], Is.EqualTo(expected).Within(1e-4 * expected), $"step {step}");

        // Where a ReLU's input is within rounding of 0, float32 and float64 may take different sides. After ten
        // steps the small weights of the norms differ by up to 7e-4 therefore, convolutions by 1e-5.
        Assert.Multiple(() =>
        {
            foreach (var (path, tensor) in model.State()) golden.AssertClose(path, tensor.ToArray(), 2e-3);
        });
    }

    [Test]
    public void A_loop_of_ones_own_trains_as_the_trainer_does()
    {
        var images = ShapesGenerator.Generate(seed: 1, train: 24, test: 1).Train;
        var (ours, trainers) = (new ResNet18(10, new(1), width: 4), new ResNet18(10, new(1), width: 4));

        ResNetTraining.Train(ours, ResNetTraining.CreateLoader(images, 8).Epoch(1), steps: 3, learningRate: 0.05f);
        ResNetTraining.Train(trainers, ResNetTraining.CreateLoader(images, 8), 0.05f, epochs: 1);

        foreach (var (a, b) in ours.State().Zip(trainers.State()))
            Assert.That(a.Tensor.ToArray(), Is.EqualTo(b.Tensor.ToArray()), a.Name);
    }

    [Test]
    public void The_network_is_as_large_as_the_papers() =>
        // Convolutions 11,159,232, batch norms 2·4,800, linear 5,130: that of kuangliu/pytorch-cifar
        Assert.That(new ResNet18(10, new(1)).Parameters().Sum(p => p.Shape.Size), Is.EqualTo(11_173_962));

    [TestCase(0f)]
    [TestCase(2f)]
    public void The_focal_loss_is_its_formula(float gamma)
    {
        int[] labels = [3, 1, 4, 1];
        var logits = Tensor.Uniform([4, 10], -3, 3, new(3));
        var rows = logits.ToArray().Chunk(10).ToArray();
        var expected = labels.Select((label, i) =>
        {
            var p = Math.Exp(rows[i][label]) / rows[i].Sum(z => Math.Exp(z));
            return -Math.Pow(1 - p, gamma) * Math.Log(p);
        }).Average();
        var actual = new FocalLoss(gamma).Forward(logits, new Labels(labels)).Item();
        Assert.That(actual, Is.EqualTo(expected).Within(1e-6 * expected));
    }

    /// <summary>A row of zeros has the gradient 0, as in PyTorch, not NaN.</summary>
    [TestCase("cpu")]
    [TestCase("emulated")]
    public void The_norm_of_a_row_of_zeros_has_the_gradient_0(string device)
    {
        var x = Tensor.From([2, 2], [3, 4, 0, 0], DeviceCatalog.Open(device));
        x.RequiresGrad = true;
        var y = x.RowNorm().Keep();
        y.Sum().Backward();
        Assert.That(y.ToArray(), Is.EqualTo([5f, 0f]));
        Assert.That(x.Grad!.ToArray(), Is.EqualTo([0.6f, 0.8f, 0f, 0f]).Within(1e-7f));
    }

    [Test]
    public void The_norm_refuses_what_is_no_matrix() => Assert.That(
        () => Tensor.Zeros([2, 3, 4]).RowNorm(),
        Throws.TypeOf<ShapeException>().With.Message.Contains("RowNorm").And.Message.Contains("[2, 3, 4]"));

    /// <summary>At a quarter of the width, so that 200 steps take a minute.</summary>
    [Test, Category("Slow")]
    public void The_loss_falls_on_CIFAR_10()
    {
        if (Environment.GetEnvironmentVariable("PYNET_DATA") is not { Length: > 0 } folder
            || DataCatalog.FindFolder("cifar10", folder) is null)
        {
            Assert.Ignore("PYNET_DATA names no folder with cifar10.");
            return;
        }

        var losses = ResNetTraining.TrainOnCifar10(folder, width: 16);

        TestContext.Out.WriteLine($"first ten {losses[..10].Average():F3}, last fifty {losses[^50..].Average():F3}");
        // Uniform guessing scores ln 10 = 2.303
        Assert.That(losses[^50..].Average(), Is.LessThan(2).And.LessThan(losses[..10].Average()));
    }
}

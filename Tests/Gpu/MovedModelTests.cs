using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A model that is moved after its optimizer, its trainer or its gradients were made.</summary>
[Category("Gpu"), Category("Slow")]
public sealed class MovedModelTests
{
    private static readonly FeatureDataset Xor = new("xor", ["even", "odd"], [0, 0, 0, 1, 1, 0, 1, 1], [0, 1, 1, 0]);

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void Optimizers_follow(string name)
    {
        var device = DeviceCatalog.Open(name);
        foreach (var (kind, make) in OptimizerTests.Kinds)
            Assert.That(Train(make, moveFirst: false), Is.EqualTo(Train(make, moveFirst: true)), kind);

        float[] Train(Func<IEnumerable<Parameter>, Optimizer> make, bool moveFirst)
        {
            var model = new Linear(3, 2, new Rng(1));
            if (moveFirst) model.To(device);
            var optimizer = make(model.Parameters());
            model.To(device);
            var x = Tensor.From([2, 3], [1, 2, 3, 4, 5, 6], device);
            for (var i = 0; i < 3; i++)
            {
                optimizer.ZeroGrad();
                model.Forward(x).CrossEntropy(0, 1).Backward();
                optimizer.Step();
            }

            return model.Weight.ToArray();
        }
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void Gradients_follow_before_and_after_Backward(string name)
    {
        var device = DeviceCatalog.Open(name);
        var right = Step(beforeBackward: null);
        Assert.That(
            Step(beforeBackward: true),
            Is.EqualTo(right).Within(1e-6f),
            "one rounding of another device's multiply-add");
        Assert.That(Step(beforeBackward: false), Is.EqualTo(right).Within(1e-6f));

        float[] Step(bool? beforeBackward)
        {
            var model = new Linear(3, 2, new Rng(1));
            var optimizer = new Sgd(model.Parameters(), 0.1f, momentum: 0.9f);
            var loss = model.Forward(Tensor.From([1, 3], [1, 2, 3])).CrossEntropy(1);
            if (beforeBackward == true) model.To(device);
            loss.Backward();
            if (beforeBackward == false) model.To(device);
            Assert.That(model.Parameters().Select(p => p.Grad!.Device), Is.All.SameAs(model.Weight.Device));
            optimizer.Step();
            return model.Weight.ToArray();
        }
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void A_trainer_s_snapshots_follow(string name)
    {
        var device = DeviceCatalog.Open(name);
        var model = new Linear(2, 2, new Rng(1));
        var trainer = new Trainer(
            model, new DataLoader(Xor, 2, device: device), null, new Sgd(model.Parameters(), 0.1f));
        model.To(device);
        trainer.Run(1);
        trainer.RestoreBest();
        Assert.That(trainer.History, Has.Count.EqualTo(1));
        Assert.That(model.Weight.Device, Is.SameAs(device));
    }
}

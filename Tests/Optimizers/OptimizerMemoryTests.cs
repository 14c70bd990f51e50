using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Thousands of steps take no memory beyond that of the first.</summary>
public sealed class OptimizerMemoryTests
{
    private const int Steps = 5_000;

    [Test]
    public void Groups_clipping_and_averages_stay_flat([Values("adamw", "rmsprop", "sgd")] string kind)
    {
        var device = new CpuDevice(threads: 1);
        var rng = new Rng(1);
        var model = new Sequential(new Linear(8, 12, rng), new BatchNorm1d(12), new ReLU(), new Linear(12, 3, rng));
        model.To(device);
        var groups = ParameterGroups.WithoutDecayOnBiasesAndNorms(model, 0.01f);
        Optimizer optimizer = kind switch
        {
            "adamw" => new AdamW(groups),
            "rmsprop" => new RMSprop(groups, momentum: 0.9f, centered: true),
            _ => new Sgd(groups, 0.01f, momentum: 0.9f),
        };
        var average = new ExponentialMovingAverage(model, warmUp: true);
        var plateau = new ReduceLROnPlateau(patience: 3, factor: 0.99);
        var schedule = new LinearWarmupLR(10, plateau);
        var x = Tensor.Uniform([5, 8], -1, 1, rng, device);

        for (var step = 0; step < 3; step++) Step(step);
        var before = device.Memory;
        for (var step = 3; step < Steps; step++) Step(step);
        Assert.That(device.Memory.SystemAllocations, Is.EqualTo(before.SystemAllocations));
        Assert.That(
            device.Memory.Allocated - before.Allocated,
            Is.LessThanOrEqualTo(Steps * 64),
            "at most the losses, until a garbage collection");
        Assert.That(XorTraining.Numbers(model), Is.All.Matches<float>(float.IsFinite));

        void Step(int step)
        {
            optimizer.LearningRate = schedule.At(step, 0.01f);
            optimizer.ZeroGrad();
            var loss = model.Forward(x).CrossEntropy(0, 1, 2, 1, 0);
            loss.Backward();
            model.Parameters().ClipGradNorm(1);
            model.Parameters().ClipGradValue(0.5f);
            optimizer.Step();
            average.Update();
            plateau.Step(step % 5);
            if (step % 50 == 2)
                using (average.Apply())
                using (GradMode.NoGrad())
                    model.Forward(x).Release();
        }
    }
}

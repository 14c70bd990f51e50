using System.Globalization;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Optimizers print as PyTorch's do, but for the counts; groups and schedules in one line.</summary>
public sealed class OptimizerPrintingTests
{
    private static TestCaseData[] Schedules =>
    [
        new(new ConstantLR(), "ConstantLR()"),
        new(new StepLR(30, 0.5), "StepLR(size=30, gamma=0.5)"),
        new(new MultiStepLR([3, 8]), "MultiStepLR(milestones=[3, 8], gamma=0.1)"),
        new(new ExponentialLR(0.95), "ExponentialLR(gamma=0.95)"),
        new(new PolynomialLR(100, 2), "PolynomialLR(total=100, power=2)"),
        new(new CosineAnnealingLR(100, 5), "CosineAnnealingLR(total=100, warmup=5)"),
        new(
            new OneCycleLR(100, 0.25),
            "OneCycleLR(total=100, rise_share=0.25, anneal=Cosine, div_factor=25, final_div_factor=10000, " +
            "three_phase=False)"),
        new(
            new ReduceLROnPlateau(PlateauMode.Max, patience: 2),
            "ReduceLROnPlateau(mode=Max, factor=0.1, patience=2, threshold=0.0001, threshold_mode=Relative, " +
            "cooldown=0, min_rate=0)"),
        new(
            new LinearWarmupLR(5, new StepLR(30), startFactor: 0.5),
            "LinearWarmupLR(warmup=5, schedule=StepLR(size=30, gamma=0.1), start_factor=0.5)"),
    ];

    [Test]
    public void An_optimizer_prints_the_options_of_each_group()
    {
        var optimizer = new Sgd(Groups(), 0.1f, momentum: 0.9f, nesterov: true);
        Assert.That(optimizer.ToString(), Is.EqualTo(
            """
            Sgd (
            Parameter Group 0 (1 tensor, 6 elements)
                dampening: 0
                lr: 0.1
                momentum: 0.9
                nesterov: True
                weight_decay: 0.0005
            Parameter Group 1 (2 tensors, 5 elements)
                dampening: 0
                lr: 0.01
                momentum: 0.9
                nesterov: True
                weight_decay: 0
            )
            """));
        optimizer.LearningRate = 0.05f;
        Assert.That(optimizer.ToString(), Does.Contain("lr: 0.05\n").And.Contain("lr: 0.005\n"));
        Assert.That(
            TensorPrintingTests.Debugger(optimizer), Is.EqualTo("Sgd: lr=0.05, 2 groups, 3 tensors, 11 elements"));
    }

    [Test]
    public void Every_optimizer_prints_its_own_options()
    {
        Parameter[] one = [new(Tensor.Zeros([2]))];
        Assert.That(Lines(new Adam(one)), Is.EqualTo(
            new[] { "betas: (0.9, 0.999)", "eps: 1E-08", "lr: 0.001", "weight_decay: 0" }));
        Assert.That(new AdamW(one).ToString(), Does.StartWith("AdamW (\n").And.Contain("weight_decay: 0.01\n"));
        Assert.That(Lines(new RMSprop(one, centered: true)), Is.EqualTo(
            new[] { "alpha: 0.99", "centered: True", "eps: 1E-08", "lr: 0.01", "momentum: 0", "weight_decay: 0" }));
        Assert.That(Lines(new OwnOptimizer(one)), Is.EqualTo(new[] { "lr: 0.5" }));

        static string[] Lines(Optimizer optimizer) =>
            [.. $"{optimizer}".Split('\n')[2..^1].Select(line => line.Trim())];
    }

    [Test]
    public void A_group_prints_what_is_set()
    {
        Assert.That($"{Groups()[0]}", Is.EqualTo("ParameterGroup(1 tensor, 6 elements, WeightDecay=0.0005)"));
        var group = new ParameterGroup([new(Tensor.Zeros([]))]) { Beta1 = 0.5, Nesterov = true };
        Assert.That($"{group}", Is.EqualTo("ParameterGroup(1 tensor, 1 elements, Nesterov=True, Beta1=0.5)"));
    }

    [TestCaseSource(nameof(Schedules))]
    public void A_schedule_prints_its_parameters(LearningRateSchedule schedule, string expected) =>
        Assert.That($"{schedule}", Is.EqualTo(expected));

    [Test]
    public void The_culture_makes_no_difference()
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo("", false) { NumberFormat = { NumberDecimalSeparator = "," } };
        try
        {
            A_group_prints_what_is_set();
            Every_optimizer_prints_its_own_options();
            foreach (var schedule in Schedules)
                Assert.That($"{schedule.Arguments[0]}", Is.EqualTo(schedule.Arguments[1]));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static ParameterGroup[] Groups() =>
    [
        new([new(Tensor.Zeros([2, 3]))]) { WeightDecay = 5e-4f },
        new([new(Tensor.Zeros([2])), new(Tensor.Zeros([3]))]) { LearningRate = 0.01f },
    ];

    private sealed class OwnOptimizer(IEnumerable<Parameter> parameters) : Optimizer(parameters, 0.5f)
    {
        public override void Step()
        {
        }

        public override IReadOnlyList<(string Name, Tensor Tensor)> State() => [];
    }
}

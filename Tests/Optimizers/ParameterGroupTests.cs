using NUnit.Framework;
using Group = PyNetSharp.Optimizers.ParameterGroup;

namespace PyNetSharp.Tests;

/// <summary>Groups of parameters with options of their own; the numbers are from <c>Golden/optimizers.py</c>.</summary>
public sealed class ParameterGroupTests
{
    private static readonly Dictionary<string, Func<Parameter, Parameter, Optimizer>> Kinds = new()
    {
        ["sgd"] = (a, b) => new Sgd(
            [new Group([a]) { LearningRate = 0.01f, WeightDecay = 0, Momentum = 0 }, new Group([b])], 0.1f,
            momentum: 0.9f, weightDecay: 0.05f),
        ["sgd, momentum in one"] = (a, b) => new Sgd(
            [new Group([a]) { Momentum = 0.8f, Nesterov = true, WeightDecay = 0.1f }, new Group([b])], 0.1f),
        ["adam"] = (a, b) => new Adam(
            [new Group([a]) { LearningRate = 0.03f, Beta1 = 0.8, Beta2 = 0.95, Eps = 1e-3 }, new Group([b])], 0.02f,
            weightDecay: 0.05f),
        ["adamw"] = (a, b) => new AdamW(
            [new Group([a]) { LearningRate = 0.003f, WeightDecay = 0 }, new Group([b])], 0.02f, weightDecay: 0.5f),
        ["rmsprop"] = (a, b) => new RMSprop(
            [
                new Group([a]) { LearningRate = 0.01f, Momentum = 0.9f, Centered = true, WeightDecay = 0.05f },
                new Group([b]),
            ],
            0.02f, alpha: 0.9, eps: 1e-3),
    };

    /// <summary>A schedule halves the rate after five steps: those of the groups, each from its own.</summary>
    [TestCase("sgd", new[]
    {
        0.00120685378f, 0.840861261f, 0.907158017f, 0.138457075f, -0.30461067f, 0.360603571f, 0.528233767f,
        0.0930035561f,
    })]
    [TestCase("sgd, momentum in one", new[]
    {
        -0.131068647f, 0.480270058f, 0.574886858f, 0.084838748f, 0.0120685436f, 0.835374773f, 0.88790369f,
        0.114490524f,
    })]
    [TestCase("adam", new[]
    {
        -0.0486346409f, 0.759968162f, 0.847107351f, 0.116569281f, -0.0372193493f, 0.779070079f, 0.860509813f,
        0.12065617f,
    })]
    [TestCase("adamw", new[]
    {
        -0.00560435373f, 0.832939148f, 0.90294838f, 0.138210252f, -0.0356834196f, 0.726532042f, 0.803384185f,
        0.112837017f,
    })]
    [TestCase("rmsprop", new[]
    {
        -0.140586883f, 0.604940474f, 0.754559696f, 0.0870247185f, -0.0214931723f, 0.793045282f, 0.876856148f,
        0.120289534f,
    })]
    public void Ten_steps_are_PyTorchs(string kind, float[] expected)
    {
        Parameter a = Start(), b = Start();
        var optimizer = Kinds[kind](a, b);
        var (schedule, start) = (new StepLR(5, 0.5), optimizer.LearningRate);
        for (var step = 0; step < 10; step++)
        {
            optimizer.LearningRate = schedule.At(step, start);
            optimizer.ZeroGrad();
            foreach (var p in optimizer.Parameters)
                p.Backward(Tensor.From(
                    [4], [.. Enumerable.Range(0, 4).Select(i => (float)Math.Sin(0.7 * i + 1.3 * step))]));
            optimizer.Step();
        }

        Assert.That(
            a.ToArray().Concat(b.ToArray()), Is.EqualTo(expected).Within(2e-6f), "ten steps of some three roundings");
    }

    [Test]
    public void A_group_s_own_rate_is_exact_at_first_and_changes_as_the_optimizer_s()
    {
        Group own = new([Start()]) { LearningRate = 0.003f }, other = new([Start()]);
        var optimizer = new Sgd([own, other], 0.1f);
        Assert.That((optimizer.LearningRateOf(own), optimizer.LearningRateOf(other)), Is.EqualTo((0.003f, 0.1f)));
        optimizer.LearningRate = 0.05f;
        Assert.That(optimizer.LearningRateOf(own), Is.EqualTo(0.0015f).Within(1e-10));
        Assert.That(optimizer.LearningRateOf(other), Is.EqualTo(0.05f));
        Assert.That(optimizer.Groups, Is.EqualTo(new[] { own, other }));
        Assert.That(
            () => optimizer.LearningRateOf(new([Start()])),
            Throws.ArgumentException.With.Message.Contains("none of this optimizer's"));
    }

    [Test]
    public void Groups_without_options_change_no_bit([Values("sgd", "adam", "adamw", "rmsprop")] string kind)
    {
        var (alike, grouped) = (Trained(grouped: false), Trained(grouped: true));
        Assert.That(grouped, Is.EqualTo(alike));

        float[] Trained(bool grouped)
        {
            Parameter a = Start(), b = Start();
            Group[] groups = [new([a]), new([b])];
            Optimizer optimizer = (kind, grouped) switch
            {
                ("sgd", false) => new Sgd([a, b], 0.1f, 0.9f, weightDecay: 0.01f),
                ("sgd", true) => new Sgd(groups, 0.1f, 0.9f, weightDecay: 0.01f),
                ("adam", false) => new Adam([a, b], weightDecay: 0.01f),
                ("adam", true) => new Adam(groups, weightDecay: 0.01f),
                ("adamw", false) => new AdamW([a, b]),
                ("adamw", true) => new AdamW(groups),
                (_, false) => new RMSprop([a, b], momentum: 0.9f),
                _ => new RMSprop(groups, momentum: 0.9f),
            };
            for (var step = 0; step < 3; step++)
            {
                optimizer.ZeroGrad();
                ((a * a).Sum() + (b * b * b).Sum()).Backward();
                optimizer.Step();
            }

            return [.. a.ToArray(), .. b.ToArray()];
        }
    }

    [Test]
    public void Faulty_groups_are_refused_by_name() => Assert.Multiple(() =>
    {
        Parameter a = Start(), b = Start();
        Refused(() => new Group([]), "no parameters");
        Refused(() => new Sgd(Array.Empty<Group>(), 0.1f), "no groups");
        Refused(
            () => new Adam([new Group([a, b]), new Group([Start(), b])]),
            "Parameter 1 of group 1, of shape [4], is in group 0 already");
        Refused(
            () => new Adam([new Group([a]), new Group([b]) { Momentum = 0.9f }]), "Group 1 sets Momentum",
            "Adam has not");
        Refused(() => new AdamW([new Group([a]) { Alpha = 0.9 }]), "Group 0 sets Alpha", "AdamW has not");
        Refused(() => new Sgd([new Group([a]) { Eps = 1e-3 }], 0.1f), "Group 0 sets Eps", "Sgd has not");
        Refused(() => new RMSprop([new Group([a]) { Nesterov = true }]), "Group 0 sets Nesterov", "RMSprop has not");
        Refused(
            () => new Sgd([new Group([a]) { LearningRate = 0.1f }], 0), "Group 0 has a learning rate of 0.1",
            "not be 0");
        Refused(() => new Sgd([new Group([a]) { LearningRate = -0.1f }], 0.1f), "learning rate");
        Refused(() => new Sgd([new Group([a]) { WeightDecay = float.NaN }], 0.1f), "weight decay");
        Refused(() => new Sgd([new Group([a]) { Nesterov = true }], 0.1f), "Nesterov");
        Refused(() => new Adam([new Group([a]) { Beta2 = 1 }]), "second beta");
        Refused(() => new RMSprop([new Group([a]) { Alpha = -1 }]), "Alpha");

        static void Refused(Func<object> make, params string[] said)
        {
            var fault = Assert.Catch<ArgumentException>(() => make())!;
            foreach (var part in said) Assert.That(fault.Message, Does.Contain(part));
        }
    });

    [Test]
    public void Biases_and_norms_are_a_group_without_decay()
    {
        var rng = new Rng(1);
        var model = new Sequential(
            new Conv2d(3, 4, 3, rng), new BatchNorm2d(4), new ReLU(), new Flatten(), new Linear(16, 2, rng));
        var groups = ParameterGroups.WithoutDecayOnBiasesAndNorms(model, 0.05f);
        Assert.That(groups.Select(group => group.WeightDecay), Is.EqualTo(new float?[] { 0.05f, 0 }));
        Assert.That(groups[0].Parameters.Select(p => p.Rank), Is.EqualTo(new[] { 4, 2 }));
        Assert.That(groups[1].Parameters.Select(p => p.Shape.Size), Is.EquivalentTo(new[] { 4, 4, 4, 2 }));

        var optimizer = new AdamW(groups, weightDecay: 0.5f);
        foreach (var p in optimizer.Parameters) p.Backward(Tensor.Zeros(p.Shape));
        var before = optimizer.Parameters.Select(p => p.ToArray()).ToArray();
        optimizer.Step();
        foreach (var (p, old) in optimizer.Parameters.Zip(before))
        {
            var shrinkage = p.Rank > 1 ? 1 - 1e-3f * 0.05f : 1;
            Assert.That(p.ToArray(), Is.EqualTo(old.Select(x => x * shrinkage)).Within(1e-7f));
        }
    }

    [Test]
    public void A_model_of_one_kind_of_parameters_is_one_group_and_one_of_none_is_refused()
    {
        Assert.That(
            ParameterGroups.WithoutDecayOnBiasesAndNorms(new BatchNorm2d(3), 0.1f).Select(group => group.WeightDecay),
            Is.EqualTo(new float?[] { 0 }));
        Assert.That(
            () => ParameterGroups.WithoutDecayOnBiasesAndNorms(new ReLU(), 0.1f),
            Throws.ArgumentException.With.Message.Contains("ReLU has no parameters"));
        Assert.That(
            () => ParameterGroups.WithoutDecayOnBiasesAndNorms(new BatchNorm2d(3), -1),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("weight decay"));
    }

    private static Parameter Start() =>
        new(Tensor.From([4], [.. Enumerable.Range(0, 4).Select(i => (float)Math.Sin(i))]));
}

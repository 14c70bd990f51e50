using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Optimizers against PyTorch; the numbers are what <c>Golden/optimizers.py</c> prints.</summary>
public sealed class OptimizerTests
{
    private const int Length = 40_003;      // several threads' ranges, and no multiple of a vector's width

    internal static readonly Dictionary<string, Func<IEnumerable<Parameter>, Optimizer>> Kinds = new()
    {
        ["sgd"] = p => new Sgd(p, 0.1f),
        ["sgd, weight decay"] = p => new Sgd(p, 0.1f, weightDecay: 0.05f),
        ["sgd, momentum"] = p => new Sgd(p, 0.1f, momentum: 0.9f),
        ["sgd, dampening"] = p => new Sgd(p, 0.1f, momentum: 0.9f, dampening: 0.5f, weightDecay: 0.05f),
        ["sgd, nesterov"] = p => new Sgd(p, 0.1f, momentum: 0.9f, weightDecay: 0.05f, nesterov: true),
        ["adam"] = p => new Adam(p),
        ["adam, all set"] = p => new Adam(p, 0.02f, beta1: 0.8, beta2: 0.95, eps: 1e-3, weightDecay: 0.05f),
        ["adamw"] = p => new AdamW(p),
        ["adamw, all set"] = p => new AdamW(p, 0.02f, beta1: 0.8, beta2: 0.95, eps: 1e-3, weightDecay: 0.5f),
        ["rmsprop"] = p => new RMSprop(p),
        ["rmsprop, all set"] = p => new RMSprop(p, 0.02f, alpha: 0.9, eps: 1e-3, weightDecay: 0.05f),
        ["rmsprop, momentum"] = p => new RMSprop(p, 0.02f, alpha: 0.9, eps: 1e-3, momentum: 0.9f),
        ["rmsprop, centered"] = p => new RMSprop(p, 0.02f, alpha: 0.9, eps: 1e-3, centered: true),
        ["rmsprop, centered momentum"] = p =>
            new RMSprop(p, 0.02f, alpha: 0.9, eps: 1e-3, weightDecay: 0.05f, momentum: 0.9f, centered: true),
        ["sgd, groups"] = p => new Sgd(
            Halves(p, new(p.Take(1)) { LearningRate = 0.01f, Momentum = 0, WeightDecay = 0 }), 0.1f, momentum: 0.9f),
        ["adamw, groups"] = p => new AdamW(
            Halves(p, new(p.Take(1)) { LearningRate = 0.003f, Beta1 = 0.8, WeightDecay = 0 }), 0.02f),
        ["rmsprop, groups"] = p => new RMSprop(
            Halves(p, new(p.Take(1)) { Momentum = 0.9f, Centered = true, Eps = 1e-3 }), 0.02f, eps: 1e-3),
    };

    private static IEnumerable<string> Names => Kinds.Keys;

    [TestCase("sgd", new[]
    {
        0.0149209574f, 0.832098842f, 0.880040169f, 0.105737664f, -0.78166908f, -0.961579859f, -0.258611202f,
        0.691466272f, 1.02129686f, 0.426494926f, -0.553968489f,
    })]
    [TestCase("sgd, weight decay", new[]
    {
        0.0180832334f, 0.794866264f, 0.838398695f, 0.0992359966f, -0.74687469f, -0.918469846f, -0.248514399f,
        0.657666504f, 0.973921537f, 0.40954715f, -0.523469388f,
    })]
    [TestCase("sgd, momentum", new[]
    {
        -0.395573705f, 0.353524059f, 0.558466434f, 0.0924060494f, -0.48048836f, -0.487536937f, 0.165344238f,
        0.865941346f, 0.864233136f, 0.0117620323f, -1.03131509f,
    })]
    [TestCase("sgd, dampening", new[]
    {
        -0.188933015f, 0.310999811f, 0.330918372f, -0.165447056f, -0.639971375f, -0.513342261f, 0.235050499f,
        0.983717918f, 1.00915182f, 0.167564154f, -0.916287005f,
    })]
    [TestCase("sgd, nesterov", new[]
    {
        -0.289818943f, 0.277586162f, 0.420462787f, 0.0479175933f, -0.396465302f, -0.38998878f, 0.134914711f,
        0.693982065f, 0.697134435f, 0.0267724004f, -0.80015856f,
    })]
    [TestCase("adam", new[]
    {
        -0.00206624833f, 0.838367045f, 0.906983376f, 0.140095919f, -0.756235301f, -0.955685496f, -0.276654422f,
        0.658710837f, 0.989537239f, 0.409035951f, -0.547112703f,
    })]
    [TestCase("adam, all set", new[]
    {
        -0.0345232487f, 0.781344593f, 0.862479746f, 0.123477764f, -0.739553869f, -0.893809915f, -0.231670409f,
        0.676935911f, 0.979898095f, 0.353614748f, -0.589509964f,
    })]
    [TestCase("adamw", new[]
    {
        -0.00206611166f, 0.838283002f, 0.906892657f, 0.140081897f, -0.756159604f, -0.955589533f, -0.276626647f,
        0.658644736f, 0.989438295f, 0.408994913f, -0.547057927f,
    })]
    [TestCase("adamw, all set", new[]
    {
        -0.0322875828f, 0.71326834f, 0.788103521f, 0.113117293f, -0.676271379f, -0.81593895f, -0.211216643f,
        0.619316757f, 0.896806121f, 0.323019773f, -0.539494872f,
    })]
    [TestCase("rmsprop", new[]
    {
        -0.0458191559f, 0.749561012f, 0.847514629f, 0.104031965f, -0.79096508f, -0.841778934f, -0.20576115f,
        0.706773043f, 1.01780236f, 0.26754275f, -0.63487643f,
    })]
    [TestCase("rmsprop, all set", new[]
    {
        -0.0224961825f, 0.776866615f, 0.858170748f, 0.115157813f, -0.770618439f, -0.878115833f, -0.233418107f,
        0.675418198f, 0.992086768f, 0.326879978f, -0.585989714f,
    })]
    [TestCase("rmsprop, momentum", new[]
    {
        -0.316252917f, 0.349019945f, 0.611683726f, 0.0356724225f, -0.78460145f, -0.348295003f, 0.106037721f,
        0.859026134f, 1.02109778f, -0.24636358f, -1.03094077f,
    })]
    [TestCase("rmsprop, centered", new[]
    {
        -0.0299893841f, 0.779731393f, 0.866437972f, 0.114809319f, -0.782261789f, -0.880635798f, -0.229049593f,
        0.69141978f, 1.01159048f, 0.327193856f, -0.605079949f,
    })]
    [TestCase("rmsprop, centered momentum", new[]
    {
        -0.34433791f, 0.258243322f, 0.523298383f, 0.0130904065f, -0.73170191f, -0.249210536f, 0.157613099f,
        0.823403299f, 0.955178559f, -0.339590311f, -1.03318846f,
    })]
    public void Ten_steps_are_PyTorchs(string kind, float[] expected)
    {
        var parameter = Start(11);
        var optimizer = Kinds[kind]([parameter]);
        for (var step = 0; step < 10; step++) Step(optimizer, step);
        Assert.That(
            parameter.ToArray(), Is.EqualTo(expected).Within(2e-6f), "ten steps of some three roundings of 6e-8");
    }

    /// <summary>The result does not depend on the vector width nor on the range of the thread.</summary>
    [TestCaseSource(nameof(Names))]
    public void Each_element_is_updated_alike(string kind)
    {
        var parameter = new Parameter(Tensor.Full([Length], 0.5f));
        var optimizer = Kinds[kind]([parameter]);
        for (var step = 0; step < 3; step++)
        {
            optimizer.ZeroGrad();
            (parameter * Tensor.Full([Length], step - 0.75f)).Sum().Backward();
            optimizer.Step();
        }

        var first = parameter.ToArray()[0];
        Assert.That(first, Is.Not.EqualTo(0.5f));
        Assert.That(parameter.ToArray(), Is.All.EqualTo(first), "one formula, rounded alike at every width");
    }

    [TestCaseSource(nameof(Names))]
    public void Copied_state_continues_exactly(string kind)
    {
        var (whole, before) = (Start(11), Start(11));
        var (uninterrupted, first) = (Kinds[kind]([whole]), Kinds[kind]([before]));
        for (var step = 0; step < 6; step++) Step(uninterrupted, step);
        for (var step = 0; step < 3; step++) Step(first, step);

        var after = new Parameter(Tensor.From(before.Shape, before.ToArray()));
        var second = Kinds[kind]([after]);
        foreach (var ((name, from), (sameName, to)) in first.State().Zip(second.State()))
        {
            Assert.That(name, Is.EqualTo(sameName));
            to.CopyFrom(from.ToArray());
        }

        for (var step = 3; step < 6; step++) Step(second, step);
        Assert.That(after.ToArray(), Is.EqualTo(whole.ToArray()));
    }

    /// <summary>Made before the model is moved, and in the middle of training.</summary>
    [TestCaseSource(nameof(Names))]
    public void State_follows_the_parameter_to_another_device(string kind)
    {
        var (stays, moves) = (Start(11), Start(11));
        var (right, optimizer) = (Kinds[kind]([stays]), Kinds[kind]([moves]));
        for (var step = 0; step < 3; step++)
        {
            Step(right, step);
            Step(optimizer, step);
            moves.Move(new CpuDevice(threads: 1));
        }

        Assert.That(moves.ToArray(), Is.EqualTo(stays.ToArray()));
        Assert.That(optimizer.State().Skip(1).Select(s => s.Tensor.Device), Has.None.SameAs(Device.Cpu));
    }

    [TestCaseSource(nameof(Names))]
    public void A_parameter_without_a_gradient_stays(string kind)
    {
        var (trained, idle) = (Start(11), Start(5));
        var optimizer = Kinds[kind]([idle, trained]);
        (trained * trained).Sum().Backward();
        optimizer.Step();
        Assert.That(idle.ToArray(), Is.EqualTo(Start(5).ToArray()));
        Assert.That(trained.ToArray(), Is.Not.EqualTo(Start(11).ToArray()));
        Assert.That(optimizer.State()[0].Tensor.ToArray(), Is.EqualTo(new[] { 0f, 1f }));
    }

    [Test]
    public void State_is_named_as_PyTorchs()
    {
        Parameter[] two = [Start(3), Start(4)];
        Assert.That(new Sgd(two, 0.1f).State().Select(s => s.Name), Is.EqualTo(new[] { "steps" }));
        Assert.That(
            new Sgd(two, 0.1f, momentum: 0.9f).State().Select(s => s.Name),
            Is.EqualTo(new[] { "steps", "0.momentum_buffer", "1.momentum_buffer" }));
        Assert.That(
            new Adam(two).State().Select(s => s.Name),
            Is.EqualTo(new[] { "steps", "0.exp_avg", "1.exp_avg", "0.exp_avg_sq", "1.exp_avg_sq" }));
        Assert.That(
            new AdamW(two).State().Select(s => s.Name), Is.EqualTo(new Adam(two).State().Select(s => s.Name)));
        Assert.That(
            new RMSprop(two).State().Select(s => s.Name),
            Is.EqualTo(new[] { "steps", "0.square_avg", "1.square_avg" }));
        Assert.That(
            new RMSprop([two[0]], momentum: 0.9f, centered: true).State().Select(s => s.Name),
            Is.EqualTo(new[] { "steps", "0.square_avg", "0.grad_avg", "0.momentum_buffer" }));
    }

    /// <summary>
    /// s and a² of a constant gradient differ by less and less: what rounding makes negative is no NaN.
    /// </summary>
    [Test]
    public void A_centered_step_of_a_constant_gradient_is_finite()
    {
        var parameter = new Parameter(Tensor.Zeros([64]));
        var optimizer = new RMSprop([parameter], 1e-6f, alpha: 0.5, eps: 1e-3, centered: true);
        parameter.Backward(Tensor.From([64], [.. Enumerable.Range(1, 64).Select(i => 0.1f * i)]));
        for (var step = 0; step < 100; step++) optimizer.Step();
        Assert.That(parameter.ToArray(), Is.All.GreaterThan(-0.7f).And.All.LessThan(0));
    }

    [Test]
    public void Numbers_out_of_range_are_refused_by_name()
    {
        Parameter[] p = [Start(3)];
        Assert.Multiple(() =>
        {
            Refused(() => new Sgd(p, -0.1f), "learning rate");
            Refused(() => new Sgd(p, 0.1f, momentum: 1), "momentum");
            Refused(() => new Sgd(p, 0.1f, momentum: float.NaN), "momentum");
            Refused(() => new Sgd(p, 0.1f, dampening: 1.5f), "dampening");
            Refused(() => new Sgd(p, 0.1f, weightDecay: -1), "weight decay");
            Refused(() => new Adam(p, float.PositiveInfinity), "learning rate");
            Refused(() => new Adam(p, beta1: 1), "first beta");
            Refused(() => new Adam(p, beta2: -0.1), "second beta");
            Refused(() => new Adam(p, eps: double.NaN), "Eps");
            Refused(() => new Adam(p, weightDecay: float.NaN), "weight decay");
            Refused(() => new AdamW(p, beta1: -0.1), "first beta");
            Refused(() => new AdamW(p, weightDecay: -1), "weight decay");
            Refused(() => new RMSprop(p, alpha: 1), "Alpha");
            Refused(() => new RMSprop(p, eps: -1), "Eps");
            Refused(() => new RMSprop(p, momentum: 1), "momentum");
            Refused(() => new RMSprop(p, weightDecay: float.PositiveInfinity), "weight decay");
            Assert.That(
                () => new Sgd(p, 0.1f, nesterov: true), Throws.ArgumentException.With.Message.Contains("Nesterov"));
            Assert.That(
                () => new Sgd(p, 0.1f, 0.9f, 0.1f, nesterov: true),
                Throws.ArgumentException.With.Message.Contains("Nesterov"));
        });

        static void Refused(Func<Optimizer> make, string name) =>
            Assert.That(() => make(), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains(name));
    }

    /// <summary>The group of the first parameter, and one of the others if there are any.</summary>
    private static ParameterGroup[] Halves(IEnumerable<Parameter> parameters, ParameterGroup first) =>
        parameters.Skip(1).Any() ? [first, new(parameters.Skip(1))] : [first];

    private static Parameter Start(int count) =>
        new(Tensor.From([count], [.. Enumerable.Range(0, count).Select(i => (float)Math.Sin(i))]));

    private static void Step(Optimizer optimizer, int step)
    {
        optimizer.ZeroGrad();
        foreach (var p in optimizer.Parameters)
        {
            var gradient = Enumerable.Range(0, p.Shape.Size).Select(i => (float)Math.Sin(0.7 * i + 1.3 * step));
            (p * Tensor.From(p.Shape, [.. gradient], p.Device)).Sum().Backward();
        }

        optimizer.Step();
    }
}

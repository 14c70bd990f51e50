using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// Fine-tuning in a loop: what is frozen is neither computed backward nor changed, and costs no memory.
/// </summary>
public sealed class FrozenTrainingTests
{
    private static readonly int[] Labels = [0, 1, 2, 0];

    private static IEnumerable<TestCaseData> Devices =>
    [
        .. TestDevices.Cases.SelectMany(one => ((string[])["sgd", "adam"]).Select(kind =>
        {
            var both = new TestCaseData(one.Arguments[0], kind);
            return one.RunState == NUnit.Framework.Interfaces.RunState.Ignored ? both.Ignore("no such device") : both;
        })),
        new("cpu", "sgd"), new("cpu", "adam"),
    ];

    [TestCaseSource(nameof(Devices))]
    public void Weight_decay_and_statistics_leave_what_is_frozen_alone(string device, string kind)
    {
        var (features, head, model) = Network();
        model.To(DeviceCatalog.Open(device));
        var optimizer = Create(kind, model.Parameters());
        Step(model, optimizer);                             // so that there are gradients and momentum
        features.Freeze();
        model.Train();
        var (frozen, trained) = (Numbers(features), Numbers(head));
        for (var i = 0; i < 2; i++) Step(model, optimizer);

        Assert.That(Numbers(features), Is.EqualTo(frozen));
        Assert.That(Numbers(head), Is.Not.EqualTo(trained));
        Assert.That(features.Parameters().Select(p => p.Grad), Is.All.Null);
    }

    [Test]
    public void Nothing_is_recorded_or_computed_backward_for_frozen_features()
    {
        var (features, _, model) = Network();
        features.Freeze();
        var seen = new BackwardLog();
        OpObserver.Current = seen;
        try
        {
            Step(model, Create("sgd", model.Parameters()));
        }
        finally
        {
            OpObserver.Current = null;
        }

        Assert.That(seen.Ops, Is.EqualTo(new[] { "CrossEntropy", "Linear" }));
    }

    /// <summary>Below a layer that is trained, a frozen one passes the gradient on.</summary>
    [Test]
    public void A_frozen_layer_between_trained_ones_passes_gradients_on()
    {
        var rng = new Rng(3);
        var model = new Sequential(new Linear(2, 5, rng), new BatchNorm1d(5), new Linear(5, 3, rng));
        var whole = Gradient();
        model[1].Freeze();
        model[2].Freeze();
        var partial = Gradient();
        Assert.That(model.Parameters().Count(p => p.Grad is not null), Is.EqualTo(2));

        // With the running statistics of a new layer, batch norm is nearly the identity.
        model[1].Unfreeze();
        model[1].Eval();
        model[2].Unfreeze();
        Assert.That(partial, Is.EqualTo(Gradient()).And.Not.EqualTo(whole));

        float[] Gradient()
        {
            foreach (var parameter in model.Parameters()) parameter.Grad = null;
            model.Forward(Input([4, 2])).CrossEntropy(Labels).Backward();
            return model.Parameters()[0].Grad!.ToArray();
        }
    }

    [Test]
    public void A_loop_over_frozen_features_takes_no_new_memory()
    {
        var device = new CpuDevice(threads: 1);
        var (features, _, model) = Network();
        features.Freeze();
        model.To(device);
        var optimizer = Create("adam", model.Parameters().Where(p => p.RequiresGrad));
        var (x, labels) = (Input([4, 2, 4, 4], device), new Labels(Labels, device));
        for (var i = 0; i < 3; i++) Step(model, optimizer, x, labels);
        var before = device.Memory;
        for (var i = 0; i < 50; i++) Step(model, optimizer, x, labels);
        Assert.That(device.Memory.SystemAllocations, Is.EqualTo(before.SystemAllocations));
        Assert.That(
            device.Memory.Allocated - before.Allocated, Is.LessThanOrEqualTo(50 * 64),
            "only the losses, until a garbage collection");
    }

    [Test]
    public void A_resumed_run_with_frozen_features_equals_one_that_was_not_stopped([Values("sgd", "adam")] string kind)
    {
        using var folder = new TemporaryFolder();
        var (whole, optimizer) = Frozen(kind, seed: 1);
        for (var i = 0; i < 5; i++)
        {
            if (i == 2) Checkpoint.Save(folder["a"], whole, optimizer, i);
            Step(whole, optimizer);
        }

        var (rest, another) = Frozen(kind, seed: 2);
        Assert.That(Checkpoint.Load(folder["a"], rest, another), Is.EqualTo(2));
        for (var i = 2; i < 5; i++) Step(rest, another);
        Assert.That(Numbers(rest), Is.EqualTo(Numbers(whole)));

        // A run that trains all parameters has more state.
        var (_, _, model) = Network();
        Assert.That(
            () => Checkpoint.Load(folder["a"], model, Create(kind, model.Parameters())),
            Throws.TypeOf<InputException>().With.Message.Contains("missing keys: 'optimizer.2."));
    }

    private static (Sequential Model, Optimizer Optimizer) Frozen(string kind, ulong seed)
    {
        var (features, _, model) = Network(seed);
        features.Freeze();
        return (model, Create(kind, model.Parameters().Where(p => p.RequiresGrad)));
    }

    private static (Sequential Features, Linear Head, Sequential Model) Network(ulong seed = 1)
    {
        var rng = new Rng(seed);
        var features = new Sequential(
            new Conv2d(2, 4, 3, rng), new BatchNorm2d(4), new ReLU(), new Dropout2d(rng), new Flatten());
        var head = new Linear(16, 3, rng);
        return (features, head, new Sequential(("features", features), ("head", head)));
    }

    private static Optimizer Create(string kind, IEnumerable<Parameter> parameters) => kind == "sgd"
        ? new Sgd(parameters, 0.1f, momentum: 0.9f, weightDecay: 0.1f)
        : new Adam(parameters, 0.1f, weightDecay: 0.1f);

    private static void Step(Module model, Optimizer optimizer)
    {
        var device = model.Parameters()[0].Device;
        Step(model, optimizer, Input([4, 2, 4, 4], device), new Labels(Labels, device));
    }

    private static void Step(Module model, Optimizer optimizer, Tensor x, Labels labels)
    {
        optimizer.ZeroGrad();
        model.Forward(x).CrossEntropy(labels).Backward();
        optimizer.Step();
    }

    private static Tensor Input(Shape shape, Device? device = null) =>
        Tensor.Uniform(shape, -1, 1, new Rng(9), device);

    private static float[] Numbers(Module model) => [.. model.State().SelectMany(s => s.Tensor.ToArray())];

    private sealed class BackwardLog : OpObserver
    {
        public List<string> Ops { get; } = [];

        public override void OnApply(Op op, ReadOnlySpan<Tensor> inputs, Tensor y)
        {
        }

        public override void OnBegin(Op op, Pass pass)
        {
        }

        public override void OnEnd(Op op, Pass pass)
        {
            if (pass == Pass.Backward) Ops.Add(op.Name);
        }
    }
}

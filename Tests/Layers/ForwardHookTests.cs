using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Hooks see what a module takes and returns wherever it is called, and may replace its output.</summary>
public sealed class ForwardHookTests
{
    private readonly Rng rng = new(1);

    [Test]
    public void A_hook_is_given_module_input_and_output_until_it_is_removed()
    {
        var (layer, calls) = (new Linear(3, 2, rng), new List<(Module, Tensor, Tensor)>());
        var x = Tensor.Uniform([4, 3], -1, 1, rng);
        Assert.That(layer.HasForwardHooks, Is.False);
        var handle = layer.RegisterForwardHook((module, input, output) => calls.Add((module, input, output)));
        Assert.That(layer.HasForwardHooks);
        var y = layer.Forward(x);
        Assert.That(calls, Is.EqualTo(new[] { ((Module)layer, x, y) }));

        handle.Dispose();
        handle.Dispose();
        layer.Forward(x);
        Assert.That(calls, Has.Count.EqualTo(1));
        Assert.That(layer.HasForwardHooks, Is.False);
    }

    [Test]
    public void Hooks_are_called_at_every_depth_in_Sequential_Residual_and_modules_of_one_s_own()
    {
        var (inner, own) = (new Linear(3, 3, rng), new Doubled(new Linear(3, 3, rng)));
        var net = new Sequential(new Sequential(inner), new Residual(own), new Linear(3, 2, rng));
        var called = new List<string>();
        foreach (var (path, module) in net.Descendants())
            module.RegisterForwardHook((_, _, _) => called.Add(path));
        net.Forward(Tensor.Zeros([1, 3]));
        Assert.That(called, Is.EqualTo(new[] { "0.0", "0", "1.body.layer", "1.body", "1", "2", "" }));
    }

    [Test]
    public void A_hook_on_a_fused_layer_sees_its_true_output_and_changes_no_bit()
    {
        var net = new Sequential(
            ("conv", new Conv2d(3, 8, 3, rng)), ("relu1", new ReLU()), ("flatten", new Flatten()),
            ("linear", new Linear(8 * 6 * 6, 5, rng)), ("relu2", new ReLU()));
        var x = Tensor.Uniform([2, 3, 8, 8], -1, 1, rng);
        var plain = Run();
        foreach (var name in (string[])["conv", "relu1", "linear", "relu2"])
        {
            float[]? seen = null;
            using (net[name].RegisterForwardHook((_, _, y) => seen = y.ToArray()))
                Assert.That(Run(), Is.EqualTo(plain), name);
            Assert.That(seen!.Min(), name.StartsWith("relu") ? Is.EqualTo(0) : Is.LessThan(0), name);
        }

        float[][] Run()
        {
            new Sgd(net.Parameters(), 0.1f).ZeroGrad();
            var y = net.Forward(x).Keep();
            y.Sum().Backward();
            return [y.ToArray(), .. net.Parameters().Select(p => p.Grad!.ToArray())];
        }
    }

    [Test]
    public void What_a_hook_returns_takes_the_output_s_place_and_the_next_hook_and_the_gradient_see_it()
    {
        var layer = new Linear(3, 2, rng, bias: false);
        var x = Tensor.Uniform([4, 3], -1, 1, rng);
        var plain = layer.Forward(x).ToArray();
        using var first = layer.RegisterForwardHook((_, _, y) => 2 * y);
        using var second = layer.RegisterForwardHook((_, _, y) => y + 1);
        using var third = layer.RegisterForwardHook((_, _, _) => null);
        using var fourth = layer.RegisterForwardHook((_, _, y) => y);
        var hooked = layer.Forward(x);
        Assert.That(hooked.ToArray(), Is.EqualTo(plain.Select(v => 2 * v + 1)));
        hooked.Sum().Backward();
        var column = Enumerable.Range(0, 3).Select(j => 2 * Enumerable.Range(0, 4).Sum(i => x.ToArray()[3 * i + j]));
        Assert.That(layer.Weight.Grad!.ToArray(), Is.EqualTo(column.Concat(column)).Within(1e-6));
    }

    [Test]
    public void A_hook_may_remove_itself_while_it_runs()
    {
        var (layer, calls) = (new ReLU(), 0);
        IDisposable? handle = null;
        handle = layer.RegisterForwardHook((_, _, _) =>
        {
            calls++;
            handle!.Dispose();
        });
        using var other = layer.RegisterForwardHook((_, _, _) => calls += 10);
        layer.Forward(Tensor.Zeros([1]));
        layer.Forward(Tensor.Zeros([1]));
        Assert.That(calls, Is.EqualTo(21));
    }

    [Test]
    public void An_output_that_a_hook_does_not_keep_is_released_and_one_that_it_keeps_is_not()
    {
        var (first, second) = (new Linear(3, 3, rng), new Linear(3, 3, rng));
        var net = new Sequential(first, second);
        Tensor? forgotten = null, kept = null;
        first.RegisterForwardHook((_, _, y) => { forgotten = y; });
        net.Forward(Tensor.Zeros([1, 3])).Sum().Backward();
        Assert.That(() => forgotten!.ToArray(), Throws.InvalidOperationException.With.Message.Contains("Keep()"));
        first.RegisterForwardHook((_, _, y) => { kept = y.Keep(); });
        net.Forward(Tensor.Zeros([1, 3])).Sum().Backward();
        Assert.That(kept!.ToArray(), Is.EqualTo(first.Bias!.ToArray()));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Memory_stays_flat_over_many_steps_with_hooks(bool training)
    {
        var device = new CpuDevice(threads: 1);
        var net = new Sequential(new Conv2d(3, 8, 3, rng), new ReLU(), new Flatten(), new Linear(8 * 36, 5, rng));
        var optimizer = new Sgd(net.To(device).Parameters(), 0.01f);
        var (x, sum) = (Tensor.Uniform([2, 3, 8, 8], -1, 1, rng, device), 0f);
        net[0].RegisterForwardHook((_, _, y) => { sum += y.ToArray()[0]; });
        net[1].RegisterForwardHook((_, _, y) => 0.5f * y);
        net.RegisterForwardHook((_, _, y) => y + 1);
        for (var i = 0; i < 5; i++) Step();
        var before = device.Memory;
        for (var i = 0; i < 300; i++) Step();
        Assert.That(device.Memory.SystemAllocations, Is.EqualTo(before.SystemAllocations));
        Assert.That(
            device.Memory.Allocated - before.Allocated, Is.LessThanOrEqualTo(300 * 64), "only losses, until collected");
        Assert.That(sum, Is.Not.NaN);

        void Step()
        {
            if (!training)
            {
                using var paused = GradMode.NoGrad();
                net.Forward(x).Release();
                return;
            }

            optimizer.ZeroGrad();
            net.Forward(x).Sum().Backward();
            optimizer.Step();
        }
    }

    [Test]
    public void An_evaluation_calls_hooks_of_the_model_itself()
    {
        var (model, calls) = (new Flatten(), 0);
        using var hook = model.RegisterForwardHook((_, _, _) => { calls++; });
        var data = new FeatureDataset("two", ["a", "b"], [1, 2, 3, 4], [0, 1]);
        Evaluation.Run(model, new(data, 1, shuffle: false));
        Assert.That(calls, Is.EqualTo(2));
    }

    [Test]
    public void No_hook_is_an_error() => Assert.That(
        () => new ReLU().RegisterForwardHook((Action<Module, Tensor, Tensor>)null!), Throws.ArgumentNullException);

    private sealed class Doubled(Linear layer) : Module
    {
        protected override Tensor Forward(Tensor x) => 2 * layer.Forward(x);
    }
}

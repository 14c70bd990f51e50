using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Modules of several inputs are modules as others are.</summary>
public sealed class SeveralInputsTests
{
    private readonly Rng rng = new(1);

    [Test]
    public void A_module_of_two_inputs_is_a_child_whose_state_is_saved_trained_and_printed()
    {
        var net = new TwoTowers(rng);
        string[] names =
        [
            "gate.left.weight", "gate.left.bias", "gate.right.weight", "gate.right.bias", "head.weight", "head.bias",
        ];
        Assert.That(net.State().Select(s => s.Name), Is.EqualTo(names));
        Assert.That(net.ToString(), Is.EqualTo(
            """
            TwoTowers(
              (gate): Gate(
                (left): Linear(in_features=3, out_features=4, bias=True)
                (right): Linear(in_features=2, out_features=4, bias=True)
              )
              (head): Linear(in_features=4, out_features=1, bias=True)
            )
            """.ReplaceLineEndings("\n")));

        using var folder = new TemporaryFolder();
        net.Save(folder["w.safetensors"]);
        var other = new TwoTowers(new(2));
        other.Load(folder["w.safetensors"]);
        var (a, b) = (Tensor.Uniform([5, 3], -1, 1, rng), Tensor.Uniform([5, 2], -1, 1, rng));
        Assert.That(other.Forward(a, b).ToArray(), Is.EqualTo(net.Forward(a, b).ToArray()));

        net.Forward(a, b).Sum().Backward();
        Assert.That(net.Parameters().Select(p => p.Grad), Has.None.Null);
        net.Eval();
        Assert.That(net.Descendants().Select(d => d.Module.Training), Has.None.True);
        net.Freeze();
        Assert.That(net.Parameters().Select(p => p.RequiresGrad), Has.None.True);
    }

    [Test]
    public void Hooks_are_given_all_inputs_and_may_replace_the_output()
    {
        var (net, seen) = (new TwoTowers(rng), new List<(Tensor, Tensor)>());
        var (a, b) = (Tensor.Uniform([5, 3], -1, 1, rng), Tensor.Uniform([5, 2], -1, 1, rng));
        var plain = net.Forward(a, b).ToArray();
        using var seeing = net.Gate.RegisterForwardHook((_, inputs, _) => seen.Add(inputs));
        using var replacing = net.RegisterForwardHook((_, _, y) => y + 1);
        Assert.That(net.Forward(a, b).ToArray(), Is.EqualTo(plain.Select(v => v + 1)));
        Assert.That(seen, Is.EqualTo(new[] { (a, b) }));
    }

    [Test]
    public void Inputs_need_not_be_tensors()
    {
        var module = new Power();
        var calls = 0;
        using var hook = module.RegisterForwardHook((_, inputs, _) => { calls += inputs.Item2; });
        Assert.That(module.Forward(Tensor.Full([2], 3), 2, Tensor.Full([2], 1)).ToArray(), Is.All.EqualTo(10));
        Assert.That(calls, Is.EqualTo(2));
    }

    [Test]
    public void A_call_with_one_tensor_is_an_error_that_names_the_class()
    {
        Assert.That(
            () => new TwoTowers(rng).Forward(Tensor.Zeros([1, 3])),
            Throws.TypeOf<NotSupportedException>().With.Message.StartsWith("TwoTowers.Forward(Tensor)"));
        Assert.That(
            () => new ModuleList(new ReLU()).Forward(Tensor.Zeros([1, 3])),
            Throws.TypeOf<NotSupportedException>().With.Message.StartsWith("ModuleList.Forward(Tensor)"));
        Module module = new TwoTowers(rng);
        Assert.That(
            () => module.RegisterForwardHook((_, x, _) => { _ = x.Shape; }),
            Throws.TypeOf<NotSupportedException>().With.Message.StartsWith("TwoTowers takes several inputs"));
    }

    [Test]
    public void To_Train_and_Eval_return_the_module_as_its_own_type()
    {
        var device = new CpuDevice(threads: 1);
        TwoTowers net = new TwoTowers(rng).To(device).Train().Eval();
        Assert.That(net.Training, Is.False);
        Assert.That(net.State().Select(s => s.Tensor.Device), Is.All.EqualTo(device));
        Assert.That(() => net.To(null!), Throws.ArgumentNullException);
    }

    private sealed class Gate(Rng rng) : Module<Tensor, Tensor>
    {
        private readonly Linear left = new(3, 4, rng), right = new(2, 4, rng);

        protected override Tensor Forward(Tensor a, Tensor b) => left.Forward(a) * right.Forward(b).Sigmoid();
    }

    private sealed class TwoTowers(Rng rng) : Module<Tensor, Tensor>
    {
        public Gate Gate { get; } = new(rng);

        public Linear Head { get; } = new(4, 1, rng);

        protected override Tensor Forward(Tensor a, Tensor b) => Head.Forward(Gate.Forward(a, b));
    }

    private sealed class Power : Module<Tensor, int, Tensor>
    {
        protected override Tensor Forward(Tensor x, int exponent, Tensor offset) =>
            Enumerable.Repeat(x, exponent).Aggregate((a, b) => a * b) + offset;
    }
}

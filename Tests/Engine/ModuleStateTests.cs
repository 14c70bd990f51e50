using NUnit.Framework;
using static PyNetSharp.Tests.StateModules;

namespace PyNetSharp.Tests;

/// <summary>State in every kind of member that C# programs use is found under PyTorch's paths.</summary>
public sealed class ModuleStateTests
{
    private static IEnumerable<TestCaseData> Found()
    {
        yield return Case(new Fields(), "first.weight", "first.bias", "second.weight", "second.bias");
        yield return Case(new UnderscoredField(), "conv1.weight", "conv1.bias");
        yield return Case(new PublicField(), "first.weight", "first.bias");
        yield return Case(new PrivateProperties(), "second.weight", "second.bias", "first.weight", "first.bias");
        yield return Case(new Captured(Layer()), "layer.weight", "layer.bias");
        yield return Case(new Derived(), "first.weight", "first.bias", "second.weight", "second.bias");
        yield return Case(
            new Holder<Linear[]>([Layer(), Layer()]),
            "value.0.weight", "value.0.bias", "value.1.weight", "value.1.bias");
        yield return Case(new Holder<Linear?[,]>(new[,] { { Layer(), null } }), "value.0.weight", "value.0.bias");
        yield return Case(
            new Holder<Linear[][]>([[Layer()], [Layer()]]),
            "value.0.0.weight", "value.0.0.bias", "value.1.0.weight", "value.1.0.bias");
        yield return Case(
            new Holder<IEnumerable<Module>>(new List<Module> { Layer() }),
            "value.0.weight", "value.0.bias");
        yield return Case(new Holder<Queue<Linear>>(new([Layer()])), "value.0.weight", "value.0.bias");
        yield return Case(new Holder<HashSet<Module>>([Layer()]), "value.0.weight", "value.0.bias");
        yield return Case(
            new Holder<Dictionary<string, Linear>>(new() { ["a"] = Layer() }),
            "value.a.weight", "value.a.bias");
        yield return Case(
            new Holder<IReadOnlyDictionary<int, object>>(new Dictionary<int, object> { [7] = Layer() }),
            "value.7.weight", "value.7.bias");
        yield return Case(
            new Holder<(Linear A, int B, Linear C)>((Layer(), 1, Layer())),
            "value.0.weight", "value.0.bias", "value.2.weight", "value.2.bias");
        yield return Case(new Holder<Tuple<string, Linear>>(new("", Layer())), "value.1.weight", "value.1.bias");
        yield return Case(
            new Holder<KeyValuePair<string, Linear>[]>([new("k", Layer())]),
            "value.0.k.weight", "value.0.k.bias");
        yield return Case(new Holder<object>(Layer()), "value.weight", "value.bias");
        yield return Case(new Holder<object[]>([1, "text", Layer()]), "value.2.weight", "value.2.bias");
        yield return Case(new Holder<List<Parameter>>([Weight()]), "value.0");
        yield return Case(new Holder<ModuleBuffer[]>([new(Tensor.Zeros([2]))]), "value.0");
        yield return Case(new Holder<Tensor>(Weight()), "value");
        yield return Case(new Holder<System.Collections.Immutable.ImmutableArray<Linear>>(default));
        yield return Case(new Holder<Tensor>(Tensor.Zeros([2])));
        yield return Case(new Holder<IDisposable>(new Disposable()), "value.layer.weight", "value.layer.bias");
        yield return Case(
            new Holder<List<IDisposable>>([new Disposable()]),
            "value.0.layer.weight", "value.0.layer.bias");
        yield return Case(new Holder<IEnumerable<Tensor>>(Endless()));
        yield return Case(new Holder<ThrowingEquals>(default));
        yield return Case(new Holder<IComparer<Module>>(Comparer<Module>.Default));
        yield return Case(new CapturedTwice(Layer()), "layer.weight", "layer.bias");
        yield return Case(new MadePrivately(), "made.weight", "made.bias");
        yield return Case(new Extended(new Flatten()), "extra.weight", "extra.bias");
        yield return Case(new Shown(), "head.weight", "head.bias", "body.0.weight", "body.0.bias");
        yield return Case(new Made(), "layer.weight", "layer.bias");
        yield return Case(new MadeInField(), "layer.weight", "layer.bias");
        yield return Case(new LeftOut());
        yield return Case(new Parent(), "inner.layer.weight", "inner.layer.bias");
    }

    [TestCaseSource(nameof(Found))]
    public void State_is_found(Module module, string[] names)
    {
        Assert.That(module.State().Select(s => s.Name), Is.EqualTo(names));
        var again = module.State();
        Assert.That(again, Is.EqualTo(module.State()), "the same tensors on every access");

        var device = new CpuDevice(threads: 1);
        module.To(device);
        Assert.That(module.State().Select(s => s.Tensor.Device), Is.All.SameAs(device));
        module.Eval();
        Assert.That(module.Descendants().Select(d => d.Module.Training), Is.All.False);
    }

    [Test]
    public void Layers_in_private_fields_are_trained()
    {
        var module = new Fields();
        var x = Tensor.From([4, 2], [0, 0, 0, 1, 1, 0, 1, 1]);
        var sgd = new Sgd(module.Parameters(), 0.5f);
        float Loss()
        {
            sgd.ZeroGrad();
            var loss = module.Forward(x).CrossEntropy(0, 1, 1, 1);
            loss.Backward();
            sgd.Step();
            return loss.Item();
        }

        var first = Loss();
        for (var i = 0; i < 50; i++) Loss();
        Assert.That(Loss(), Is.LessThan(first / 2));
    }

    [Test]
    public void A_hidden_dropout_follows_the_mode_and_its_generator_is_known()
    {
        var module = new HiddenDropout();
        module.Eval();
        Assert.That(module.Forward(Tensor.Full([64], 1)).ToArray(), Is.All.EqualTo(1));
        Assert.That(module.Generators().Select(g => g.Path), Is.EqualTo(new[] { "drop" }));
    }

    [Test]
    public void Printing_shows_what_fields_hold_and_ends_at_a_parent()
    {
        Assert.That(
            new HiddenDropout().ToString(), Is.EqualTo("HiddenDropout(\n  (drop): Dropout(p=0.9, inplace=False)\n)"));
        Assert.That(new Parent().ToString(), Does.StartWith("Parent(\n  (inner): Child(\n    (layer): Linear("));
    }

    private sealed class Fields : Module
    {
        private readonly Linear first = new(2, 8, Generator), second = new(8, 2, Generator);

        protected override Tensor Forward(Tensor x) => second.Forward(first.Forward(x).Relu());
    }

    private sealed class UnderscoredField : IdentityModule
    {
        private readonly Linear _conv1 = Layer();

        public override string ToString() => $"{_conv1}";
    }

    private sealed class PublicField : IdentityModule
    {
        public readonly Linear First = Layer();
    }

    private sealed class PrivateProperties : IdentityModule
    {
        internal Linear Second { get; } = Layer();

        private Linear First { get; } = Layer();

        public override string ToString() => $"{First}";
    }

    private sealed class Captured(Linear layer) : Module
    {
        protected override Tensor Forward(Tensor x) => layer.Forward(x);
    }

    private abstract class WithSecond : IdentityModule
    {
        private readonly Linear second = Layer();

        public override string ToString() => $"{second}";
    }

    private sealed class Derived : WithSecond
    {
        public Linear First { get; } = Layer();
    }

    private sealed class Extended(Module layer) : Sequential(layer)
    {
        private readonly Linear extra = Layer();

        protected override Tensor Forward(Tensor x) => extra.Forward(base.Forward(x));
    }

    /// <summary>Properties that return what fields hold.</summary>
    private sealed class Shown : IdentityModule
    {
        private readonly Sequential body = new(Layer());
        private readonly Linear last = Layer();

        public Linear Head => last;

        public Module First => body[0];

        public Module Self => this;

        public Linear Missing => last.Training ? throw new InvalidOperationException("not in training") : last;
    }

    private sealed class Made : IdentityModule
    {
        private Linear? made;

        public Linear Layer => made ??= new(2, 2, Generator);
    }

    private sealed class MadeInField : IdentityModule
    {
        public Linear Layer => field ??= new(2, 2, Generator);
    }

    private sealed class LeftOut : IdentityModule
    {
        [NotState]
        private readonly Linear teacher = Layer();

        [NotState]
        public Linear Other { get; } = Layer();

        public override string ToString() => $"{teacher}";
    }

    private sealed class Disposable : IdentityModule, IDisposable
    {
        private readonly Linear layer = Layer();

        public override string ToString() => $"{layer}";

        public void Dispose()
        {
        }
    }

    /// <summary>A struct whose Equals throws for the default value.</summary>
    private readonly struct ThrowingEquals(string text)
    {
        public override bool Equals(object? obj) => text.Length == 0;

        public override int GetHashCode() => text.Length;
    }

    private class Captures(Linear layer) : Module
    {
        protected override Tensor Forward(Tensor x) => layer.Forward(x);
    }

#pragma warning disable CS9107 // both classes keep the layer: that is the case
    private sealed class CapturedTwice(Linear layer) : Captures(layer)
    {
        protected override Tensor Forward(Tensor x) => layer.Forward(base.Forward(x));
    }
#pragma warning restore CS9107

    private sealed class MadePrivately : Module
    {
        private Linear? made;

        private Linear Layer => made ??= new(2, 2, Generator);

        protected override Tensor Forward(Tensor x) => Layer.Forward(x);
    }

    private static IEnumerable<Tensor> Endless()
    {
        while (true) yield return Tensor.Zeros([1]);
    }

    private sealed class Parent : IdentityModule
    {
        private readonly Child child;

        public Parent() => child = new(this);

        public Module Inner => child;
    }

    private sealed class Child(Parent parent) : IdentityModule
    {
        private readonly Linear layer = Layer();

        protected override Tensor Forward(Tensor x) => parent.Forward(layer.Forward(x));
    }

    private sealed class HiddenDropout : Module
    {
        private readonly Dropout drop = new(new Rng(3), 0.9f);

        protected override Tensor Forward(Tensor x) => drop.Forward(x);
    }
}

using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Layers kept wherever C# programs keep things: found under PyTorch's paths, or refused by name.</summary>
public sealed class ModuleStateTests
{
    private static readonly Rng Rng = new(1);

    private static IEnumerable<TestCaseData> Found()
    {
        yield return Case(new Fields(), "first.weight", "first.bias", "second.weight", "second.bias");
        yield return Case(new UnderscoredField(), "conv1.weight", "conv1.bias");
        yield return Case(new PublicField(), "first.weight", "first.bias");
        yield return Case(new PrivateProperties(), "second.weight", "second.bias", "first.weight", "first.bias");
        yield return Case(new Captured(Layer()), "layer.weight", "layer.bias");
        yield return Case(new Derived(), "first.weight", "first.bias", "second.weight", "second.bias");
        yield return Case(new Holder<Linear[]>([Layer(), Layer()]), "value.0.weight", "value.0.bias", "value.1.weight", "value.1.bias");
        yield return Case(new Holder<Linear?[,]>(new[,] { { Layer(), null } }), "value.0.weight", "value.0.bias");
        yield return Case(new Holder<Linear[][]>([[Layer()], [Layer()]]), "value.0.0.weight", "value.0.0.bias", "value.1.0.weight", "value.1.0.bias");
        yield return Case(new Holder<IEnumerable<Module>>(new List<Module> { Layer() }), "value.0.weight", "value.0.bias");
        yield return Case(new Holder<Queue<Linear>>(new([Layer()])), "value.0.weight", "value.0.bias");
        yield return Case(new Holder<HashSet<Module>>([Layer()]), "value.0.weight", "value.0.bias");
        yield return Case(new Holder<Dictionary<string, Linear>>(new() { ["a"] = Layer() }), "value.a.weight", "value.a.bias");
        yield return Case(new Holder<IReadOnlyDictionary<int, object>>(new Dictionary<int, object> { [7] = Layer() }), "value.7.weight", "value.7.bias");
        yield return Case(new Holder<(Linear A, int B, Linear C)>((Layer(), 1, Layer())), "value.0.weight", "value.0.bias", "value.2.weight", "value.2.bias");
        yield return Case(new Holder<Tuple<string, Linear>>(new("", Layer())), "value.1.weight", "value.1.bias");
        yield return Case(new Holder<KeyValuePair<string, Linear>[]>([new("k", Layer())]), "value.0.k.weight", "value.0.k.bias");
        yield return Case(new Holder<object>(Layer()), "value.weight", "value.bias");
        yield return Case(new Holder<object[]>([1, "text", Layer()]), "value.2.weight", "value.2.bias");
        yield return Case(new Holder<List<Parameter>>([Weight()]), "value.0");
        yield return Case(new Holder<ModuleBuffer[]>([new(Tensor.Zeros([2]))]), "value.0");
        yield return Case(new Holder<Tensor>(Weight()), "value");
        yield return Case(new Holder<System.Collections.Immutable.ImmutableArray<Linear>>(default));
        yield return Case(new Holder<Tensor>(Tensor.Zeros([2])));
        yield return Case(new Holder<IDisposable>(new Disposable()), "value.layer.weight", "value.layer.bias");
        yield return Case(new Holder<List<IDisposable>>([new Disposable()]), "value.0.layer.weight", "value.0.layer.bias");
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

    private static IEnumerable<TestCaseData> Refused()
    {
        yield return Case(new Fresh(), "Fresh.Layer", "creates a new Linear on every access");
        yield return Case(new Holder<IEnumerable<Linear>>(Enumerable.Range(0, 2).Select(_ => Layer())), "Value", "sequence", "creates a new Linear on every access");
        yield return Case(new Holder<Block>(new(Layer())), "Value", "holds a Linear in a Block, which is no Module");
        yield return Case(new Holder<List<Block>>([new(Layer())]), "Value", "holds a Linear in a Block, which is no Module");
        yield return Case(new Holder<Pair>(new(Layer(), 1)), "Value", "holds a Linear in a Pair");
        yield return Case(new Holder<Lazy<Linear>>(new(Layer())), "Value", "is a Lazy of modules or parameters");
        yield return Case(new Holder<Lazy<Linear>>(new(Layer)), "Value", "is a Lazy of modules or parameters");
        yield return Case(new Holder<Task<Linear>>(Task.FromResult(Layer())), "Value", "is a Task of modules");
        yield return Case(new Holder<Memory<Linear>>(new Linear[1]), "Value", "is a Memory of modules");
        yield return Case(new Holder<PriorityQueue<Linear, int>>(new()), "Value", "is a PriorityQueue of modules");
        yield return Case(new Holder<WeakReference<Linear>>(new(Layer())), "Value", "is a WeakReference of modules");
        yield return Case(new Holder<Dictionary<Linear, string>>(new() { [Layer()] = "" }), "Value", "holds a Linear in the keys of a dictionary");
        yield return Case(new Holder<Numbers>(new(Layer())), "Value", "holds a Linear in a Numbers");
        yield return Case(new Holder<LayerList>([Layer()]), "Value", "holds a Linear in a LayerList");
        yield return Case(new FreshPrivately(), "FreshPrivately.Layer", "creates a new Linear on every access");
        yield return Case(new Holder<Func<Tensor, Tensor>>(Layer().Forward), "Value", "holds a Linear in a delegate or lambda");
        yield return Case(new Holder<Func<Tensor, Tensor>[]>(Lambdas(Layer())), "Value", "holds a Linear in a delegate or lambda");
        yield return Case(new Holder<Block>(new(Weight())), "Value", "holds a Parameter in a Block");
        yield return Case(new SharedLayerModule(), "two parameters or buffers have the path 'fc.weight'");
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

    [TestCaseSource(nameof(Refused))]
    public void What_cannot_be_walked_is_refused_by_name(Module module, string[] parts)
    {
        var refusal = Assert.Throws<InvalidOperationException>(() => module.Parameters())!;
        foreach (var part in parts) Assert.That(refusal.Message, Does.Contain(part));
    }

    [Test]
    public void Lambdas_and_helpers_may_refer_to_what_is_held_elsewhere()
    {
        var layer = Layer();
        var module = new Sequential(layer, new Holder<Func<Tensor, Tensor>[]>(Lambdas(layer)), new Holder<Block>(new(layer)));
        Assert.That(module.Parameters(), Is.EqualTo(new[] { layer.Weight, layer.Bias }));
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
        Assert.That(new HiddenDropout().ToString(), Is.EqualTo("HiddenDropout(\n  (drop): Dropout(p=0.9, inplace=False)\n)"));
        Assert.That(new Parent().ToString(), Does.StartWith("Parent(\n  (inner): Child(\n    (layer): Linear("));
    }

    [Test]
    public void An_optimizer_without_parameters_says_why()
    {
        Assert.That(() => new Sgd(new Flatten().Parameters(), 0.1f), Throws.ArgumentException.With.Message.Contains("no parameters to train"));
        Assert.That(() => new Adam([]), Throws.ArgumentException.With.Message.Contains("no parameters to train"));
    }

    [Test]
    public void Saving_or_loading_a_module_without_state_says_why()
    {
        using var folder = new TemporaryFolder();
        Assert.That(() => new Flatten().Save(folder["a"]), Throws.InvalidOperationException.With.Message.Contains("no parameters or buffers"));
        Assert.That(File.Exists(folder["a"]), Is.False);
        Layer().Save(folder["b"]);
        Assert.That(() => new Flatten().Load(folder["b"]), Throws.InvalidOperationException.With.Message.Contains("no parameters or buffers"));
    }

    private static TestCaseData Case(Module module, params string[] texts) =>
        new TestCaseData(module, texts).SetArgDisplayNames(module.GetType().GetGenericArguments() is [var held] ? $"{held}" : module.GetType().Name);

    private static Linear Layer() => new(2, 2, Rng);

    private static Parameter Weight() => new(Tensor.Zeros([2]));

    private static Func<Tensor, Tensor>[] Lambdas(Linear layer) => [x => layer.Forward(x), x => x.Relu()];

    private sealed class Fields : Module
    {
        private readonly Linear first = new(2, 8, Rng), second = new(8, 2, Rng);

        public override Tensor Forward(Tensor x) => second.Forward(first.Forward(x).Relu());
    }

    private abstract class IdentityModule : Module
    {
        public override Tensor Forward(Tensor x) => x;
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
        public override Tensor Forward(Tensor x) => layer.Forward(x);
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

    private sealed class Holder<T>(T value) : IdentityModule
    {
        public T Value { get; } = value;
    }

    private sealed class Extended(Module layer) : Sequential(layer)
    {
        private readonly Linear extra = Layer();

        public override Tensor Forward(Tensor x) => extra.Forward(base.Forward(x));
    }

    /// <summary>Properties that show what fields hold.</summary>
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

        public Linear Layer => made ??= new(2, 2, Rng);
    }

    private sealed class MadeInField : IdentityModule
    {
        public Linear Layer => field ??= new(2, 2, Rng);
    }

    private sealed class Fresh : IdentityModule
    {
        private readonly Rng rng = new(1);

        public Linear Layer => new(2, 2, rng);
    }

    private sealed class LeftOut : IdentityModule
    {
        [NotState]
        private readonly Linear teacher = Layer();

        [NotState]
        public Linear Other { get; } = Layer();

        public override string ToString() => $"{teacher}";
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

        public override Tensor Forward(Tensor x) => parent.Forward(layer.Forward(x));
    }

    private sealed class HiddenDropout : Module
    {
        private readonly Dropout drop = new(new Rng(3), 0.9f);

        public override Tensor Forward(Tensor x) => drop.Forward(x);
    }

    private sealed class SharedLayerModule : IdentityModule
    {
        private readonly Linear fc = Layer();

        public Linear Fc { get; } = Layer();

        public override string ToString() => $"{fc}";
    }

    private sealed class Block(object layer)
    {
        public object Layer { get; } = layer;
    }

    private readonly record struct Pair(Linear A, int B);

    private sealed class Disposable : IdentityModule, IDisposable
    {
        private readonly Linear layer = Layer();

        public override string ToString() => $"{layer}";

        public void Dispose()
        {
        }
    }

    /// <summary>A struct whose Equals does not expect to be called on nothing.</summary>
    private readonly struct ThrowingEquals(string text)
    {
        public override bool Equals(object? obj) => text.Length == 0;

        public override int GetHashCode() => text.Length;
    }

    private class Captures(Linear layer) : Module
    {
        public override Tensor Forward(Tensor x) => layer.Forward(x);
    }

#pragma warning disable CS9107 // both classes keep the layer: that is the case
    private sealed class CapturedTwice(Linear layer) : Captures(layer)
    {
        public override Tensor Forward(Tensor x) => layer.Forward(base.Forward(x));
    }
#pragma warning restore CS9107

    private sealed class MadePrivately : Module
    {
        private Linear? made;

        private Linear Layer => made ??= new(2, 2, Rng);

        public override Tensor Forward(Tensor x) => Layer.Forward(x);
    }

    private sealed class FreshPrivately : Module
    {
        private readonly Rng rng = new(1);

        private Linear Layer => new(2, 2, rng);

        public override Tensor Forward(Tensor x) => Layer.Forward(x);
    }

    /// <summary>A collection of numbers that holds a layer besides.</summary>
    private sealed class Numbers(Linear inner) : System.Collections.IEnumerable
    {
        public Linear Inner { get; } = inner;

        public System.Collections.IEnumerator GetEnumerator() => Array.Empty<int>().GetEnumerator();
    }

    private sealed class LayerList : List<Linear>
    {
        public Linear Extra { get; } = Layer();
    }

    private static IEnumerable<Tensor> Endless()
    {
        while (true) yield return Tensor.Zeros([1]);
    }
}

using NUnit.Framework;
using static PyNetSharp.Tests.StateModules;

namespace PyNetSharp.Tests;

/// <summary>State that cannot be found, or of which there is none: an error that names the member.</summary>
public sealed class UntrackedStateTests
{
    private static IEnumerable<TestCaseData> Untracked()
    {
        yield return Case(new Fresh(), "Fresh.Layer", "creates a new Linear on every access");
        yield return Case(
            new Holder<IEnumerable<Linear>>(Enumerable.Range(0, 2).Select(_ => Layer())),
            "Value", "sequence", "creates a new Linear on every access");
        yield return Case(new Holder<Block>(new(Layer())), "Value", "holds a Linear in a Block, which is no Module");
        yield return Case(
            new Holder<List<Block>>([new(Layer())]),
            "Value", "holds a Linear in a Block, which is no Module");
        yield return Case(new Holder<Pair>(new(Layer(), 1)), "Value", "holds a Linear in a Pair");
        yield return Case(new Holder<Lazy<Linear>>(new(Layer())), "Value", "is a Lazy of modules or parameters");
        yield return Case(new Holder<Lazy<Linear>>(new(Layer)), "Value", "is a Lazy of modules or parameters");
        yield return Case(new Holder<Task<Linear>>(Task.FromResult(Layer())), "Value", "is a Task of modules");
        yield return Case(new Holder<Memory<Linear>>(new Linear[1]), "Value", "is a Memory of modules");
        yield return Case(new Holder<PriorityQueue<Linear, int>>(new()), "Value", "is a PriorityQueue of modules");
        yield return Case(new Holder<WeakReference<Linear>>(new(Layer())), "Value", "is a WeakReference of modules");
        yield return Case(
            new Holder<Dictionary<Linear, string>>(new() { [Layer()] = "" }),
            "Value", "holds a Linear in the keys of a dictionary");
        yield return Case(new Holder<Numbers>(new(Layer())), "Value", "holds a Linear in a Numbers");
        yield return Case(new Holder<LayerList>([Layer()]), "Value", "holds a Linear in a LayerList");
        yield return Case(new FreshPrivately(), "FreshPrivately.Layer", "creates a new Linear on every access");
        yield return Case(
            new Holder<Func<Tensor, Tensor>>(Layer().Forward),
            "Value", "holds a Linear in a delegate or lambda");
        yield return Case(
            new Holder<Func<Tensor, Tensor>[]>(Lambdas(Layer())),
            "Value", "holds a Linear in a delegate or lambda");
        yield return Case(new Holder<Block>(new(Weight())), "Value", "holds a Parameter in a Block");
        yield return Case(new SharedLayerModule(), "two parameters or buffers have the path 'fc.weight'");
    }

    [TestCaseSource(nameof(Untracked))]
    public void What_cannot_be_found_is_an_error_that_names_it(Module module, string[] parts)
    {
        var error = Assert.Throws<InvalidOperationException>(() => module.Parameters())!;
        foreach (var part in parts) Assert.That(error.Message, Does.Contain(part));
    }

    [Test]
    public void Lambdas_and_other_objects_may_refer_to_what_a_member_holds()
    {
        var layer = Layer();
        var module = new Sequential(
            layer, new Holder<Func<Tensor, Tensor>[]>(Lambdas(layer)), new Holder<Block>(new(layer)));
        Assert.That(module.Parameters(), Is.EqualTo(new[] { layer.Weight, layer.Bias }));
    }

    [Test]
    public void An_optimizer_without_parameters_says_why()
    {
        Assert.That(
            () => new Sgd(new Flatten().Parameters(), 0.1f),
            Throws.ArgumentException.With.Message.Contains("no parameters to train"));
        Assert.That(() => new Adam([]), Throws.ArgumentException.With.Message.Contains("no parameters to train"));
    }

    [Test]
    public void Saving_or_loading_a_module_without_state_says_why()
    {
        using var folder = new TemporaryFolder();
        Assert.That(
            () => new Flatten().Save(folder["a"]),
            Throws.InvalidOperationException.With.Message.Contains("no parameters or buffers"));
        Assert.That(File.Exists(folder["a"]), Is.False);
        Layer().Save(folder["b"]);
        Assert.That(
            () => new Flatten().Load(folder["b"]),
            Throws.InvalidOperationException.With.Message.Contains("no parameters or buffers"));
    }

    private sealed class Fresh : IdentityModule
    {
        private readonly Rng rng = new(1);

        public Linear Layer => new(2, 2, rng);
    }

    private sealed class SharedLayerModule : IdentityModule
    {
        private readonly Linear fc = Layer();

        public Linear Fc { get; } = Layer();

        public override string ToString() => $"{fc}";
    }

    private readonly record struct Pair(Linear A, int B);

    private sealed class FreshPrivately : Module
    {
        private readonly Rng rng = new(1);

        private Linear Layer => new(2, 2, rng);

        protected override Tensor Forward(Tensor x) => Layer.Forward(x);
    }

    /// <summary>A collection of numbers that also holds a layer.</summary>
    private sealed class Numbers(Linear inner) : System.Collections.IEnumerable
    {
        public Linear Inner { get; } = inner;

        public System.Collections.IEnumerator GetEnumerator() => Array.Empty<int>().GetEnumerator();
    }

    private sealed class LayerList : List<Linear>
    {
        public Linear Extra { get; } = Layer();
    }
}

using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>An error of shapes within modules begins with the path from the outermost module that was called.</summary>
public sealed class ModulePathTests
{
    private static readonly Rng Random = new(1);

    private static Linear Narrow => new(5, 5, Random);

    private static IEnumerable<TestCaseData> Models
    {
        get
        {
            yield return Case("", Narrow);
            yield return Case("1", new Sequential(new ReLU(), Narrow));
            yield return Case("fc", new Sequential(("fc", Narrow), ("relu", new ReLU())));     // in one op
            yield return Case("1.fc", new Sequential(new ReLU(), new Sequential(("fc", Narrow), ("relu", new ReLU()))));
            yield return Case("body", new Residual(Narrow));
            yield return Case("0.shortcut.0", new Sequential(new Residual(new ReLU(), new Sequential(Narrow))));
            yield return Case("blocks.1", new Own(new ReLU(), Narrow));
            yield return Case("blocks.1.blocks.0.body", new Own(new ReLU(), new Own(new Residual(Narrow))));
            yield return Case("0.blocks.0.1", new Sequential(new Own(new Sequential(new ReLU(), Narrow))));
            yield return Case("inner.pair.left", new Outer());
            yield return Case("deep.0.0", new CallsGrandchild(Narrow));
            yield return Case("Linear", new Hiding());
        }
    }

    private static TestCaseData Case(string path, Module model) =>
        new TestCaseData(path, model).SetArgDisplayNames(path);

    [TestCaseSource(nameof(Models))]
    public void The_path_is_complete(string path, Module model)
    {
        var x = Tensor.Zeros([2, 3]);
        for (var i = 0; i < 2; i++)
        {
            var error = Assert.Throws<ShapeException>(() => model.Forward(x))!;
            Assert.That(error.Path, Is.EqualTo(path));
            Assert.That(error.Message, Does.StartWith(path.Length == 0 ? "Linear: " : $"{path}: Linear: "));
            Assert.That(error.Message, Does.Contain("[2, 3]").And.Contain("[5, 5]"));
        }
    }

    [Test]
    public void Code_that_adds_the_name_of_a_part_itself_adds_it_before_the_path()
    {
        var error = new ShapeException("Conv2d: no").PrependPath("1").PrependPath("features");
        Assert.That((error.Path, error.Message), Is.EqualTo(("features.1", "features.1: Conv2d: no")));
        Assert.That(new ShapeException("no").Message, Is.EqualTo("no"));
    }

    private sealed class Own(params Module[] blocks) : Module
    {
        private readonly ModuleList<Module> blocks = [.. blocks];

        protected override Tensor Forward(Tensor x) => blocks.Aggregate(x, (y, block) => block.Forward(y));
    }

    private sealed class Pair : Module<Tensor, int>
    {
        private readonly Linear left = Narrow;

        protected override Tensor Forward(Tensor x, int times) => left.Forward(x) * times;
    }

    private sealed class Inner : Module
    {
        private readonly Pair pair = new();

        protected override Tensor Forward(Tensor x) => pair.Forward(x, 2);
    }

    private sealed class Outer : Module
    {
        private readonly Inner inner = new();

        protected override Tensor Forward(Tensor x) => inner.Forward(x.Relu());
    }

    private sealed class CallsGrandchild(Module layer) : Module
    {
        private readonly Sequential deep = new(new Sequential(layer));

        protected override Tensor Forward(Tensor x) => ((Sequential)deep[0])[0].Forward(x);
    }

    /// <summary>Calls a layer that it does not hold.</summary>
    private sealed class Hiding : Module
    {
        protected override Tensor Forward(Tensor x) => Narrow.Forward(x);
    }
}

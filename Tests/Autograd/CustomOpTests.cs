using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Ops and formulas that a user writes: what they may do, and what the errors say.</summary>
public sealed class CustomOpTests
{
    private static Tensor Leaf(Shape shape, Device? device = null)
    {
        var x = Tensor.Uniform(shape, 0.5f, 2, new(1), device);
        x.RequiresGrad = true;
        return x;
    }

    [Test]
    public void An_op_of_one_s_own_has_the_value_and_the_gradient()
    {
        var (a, b) = (Leaf([2, 3, 4, 5]), Leaf([2, 3, 4, 5]));
        Assert.That(
            new Product().Apply(a, b).ToArray(), Is.EqualTo(a.ToArray().Zip(b.ToArray(), (x, y) => x * y)));
        GradientCheck.Of(x => new Product().Apply(x[0], x[1]), a, b).ThrowIfFailed();
    }

    [Test]
    public void A_device_without_an_implementation_is_an_error_that_names_op_and_device([Values] bool inBackward)
    {
        var device = DeviceCatalog.Open("emulated");
        var (a, b) = (Leaf([3], device), Leaf([3], device));
        var error = inBackward
            ? Assert.Throws<NotSupportedException>(() => new BackwardOnCpuOp().Apply(a).Sum().Backward())
            : Assert.Throws<NotSupportedException>(() => new Product().Apply(a, b));
        Assert.That(error!.Message, Does.StartWith(inBackward ? "BackwardOnCpu: " : "Product: "));
        Assert.That(error.Message, Does.Contain($"no implementation for the device {device}"));
        Assert.That((a + b).ToArray(), Has.Length.EqualTo(3), "the device is still of use");
    }

    [Test]
    public void Names_are_those_of_the_classes_without_Op()
    {
        Assert.That(new Product().Name, Is.EqualTo("Product"));
        Assert.That(new BackwardOnCpuOp().Name, Is.EqualTo("BackwardOnCpu"));
        Assert.That(new Renamed().Name, Is.EqualTo("my op"));
        var error = Assert.Throws<ArgumentException>(() => new Renamed().Apply())!;
        Assert.That(error.Message, Does.StartWith("my op: there are no inputs"));
    }

    [Test]
    public void A_shape_error_is_the_op_s_own_and_leaves_no_trace()
    {
        var (a, b) = (Leaf([3]), Leaf([4]));
        Assert.That(
            () => new Product().Apply(a, b),
            Throws.TypeOf<ShapeException>().With.Message.EqualTo("Product: [3] and [4] have different shapes."));
        new Product().Apply(a, a).Sum().Backward();
        Assert.That(a.Grad!.ToArray(), Is.EqualTo(a.ToArray().Select(v => 2 * v)));
        Assert.That(b.Grad, Is.Null);
    }

    [Test]
    public void An_op_is_applied_once()
    {
        var (a, op) = (Leaf([3]), new Product());
        op.Apply(a, a);
        Assert.That(
            () => op.Apply(a, a),
            Throws.InvalidOperationException.With.Message.StartsWith("Product: this instance was applied before"));
    }

    [Test]
    public void Inputs_must_be_there_and_on_one_device()
    {
        var emulated = DeviceCatalog.Open("emulated");
        Assert.That(() => new Product().Apply(Leaf([3]), null!), Throws.ArgumentNullException);
        Assert.That(
            () => new Product().Apply(Leaf([3]), Leaf([3], emulated)),
            Throws.ArgumentException.With.Message.StartsWith("Product: inputs on cpu and on emulated"));
    }

    [Test]
    public void Too_few_gradients_are_an_error([Values] bool isNull)
    {
        var (a, b) = (Leaf([3]), Leaf([3]));
        var y = new Given(_ => isNull ? null! : [null]).Apply(a, b).Sum();
        Assert.That(
            () => y.Backward(),
            Throws.InvalidOperationException.With.Message.StartsWith(
                $"Given.Backward returned {(isNull ? 0 : 1)} gradients for 2 inputs"));
    }

    [Test]
    public void A_gradient_of_another_shape_is_an_error()
    {
        var (a, b) = (Leaf([3]), Leaf([3]));
        var y = new Given(_ => [null, Tensor.Zeros([4])]).Apply(a, b).Sum();
        Assert.That(
            () => y.Backward(),
            Throws.TypeOf<ShapeException>().With.Message.Contains("Given gave a gradient of shape [4]")
                .And.Message.Contains("[3]"));
    }

    [Test]
    public void A_gradient_on_another_device_is_an_error([Values] bool isLeaf)
    {
        var emulated = DeviceCatalog.Open("emulated");
        var (a, b) = (Leaf([3]), Leaf([3]));
        var y = new Given(_ => [null, Tensor.Zeros([3], emulated)]).Apply(a, isLeaf ? b : b * 1).Sum();
        Assert.That(
            () => y.Backward(),
            Throws.InvalidOperationException.With.Message.Contains(
                "Given.Backward returned a gradient on emulated for input 1 on cpu"));
    }

    [Test]
    public void A_saved_tensor_that_was_overwritten_is_refused()
    {
        var (a, b) = (Leaf([3]), Leaf([3]));
        var y = new Product().Apply(a, b).Sum();
        b.CopyFrom([7, 7, 7]);
        Assert.That(
            () => y.Backward(),
            Throws.InvalidOperationException.With.Message.Contains("[3] was overwritten after Product had used it"));
    }

    [Test]
    public void Backward_runs_once()
    {
        var a = Leaf([3]);
        var y = new Product().Apply(a, a);
        y.Backward(Tensor.Full([3], 1));
        Assert.That(() => y.Backward(Tensor.Full([3], 1)), Throws.InvalidOperationException);
    }

    public static IEnumerable<string> Devices =>
        ["cpu", .. TestDevices.Names.Where(name => TestDevices.MissingReason(name) is null)];

    [TestCaseSource(nameof(Devices))]
    public void A_formula_of_one_s_own_with_parameters_runs_everywhere(string name)
    {
        var device = DeviceCatalog.Open(name);
        var x = Leaf([2, 3, 5, 7], device);
        var y = x.Elementwise(new Snake(1.5f, 2));
        var expected = x.ToArray().Select(v => v + 2 / 1.5 * Math.Pow(Math.Sin(1.5 * v), 2)).ToArray();
        foreach (var (value, right) in y.ToArray().Zip(expected)) Assert.That(value, Is.EqualTo(right).Within(1e-5));
        GradientCheck.Of(x => x[0].Elementwise(new Snake(1.5f, 2)), x).ThrowIfFailed();
        Assert.That(y.GradFn!.Name, Is.EqualTo("Snake"));

        var row = Leaf([7], device);
        Assert.That(
            x.Elementwise(row, new Mix(0.25f)).ToArray().Take(7),
            Is.EqualTo(x.ToArray().Zip(row.ToArray(), (a, b) => 0.25f * a * b)).Within(1e-6));
        GradientCheck.Of(x => x[0].Elementwise(x[1], new Mix(0.25f)), x, row).ThrowIfFailed();
        var error = Assert.Throws<ShapeException>(() => x.Elementwise(Leaf([6], device), new Mix(1)))!;
        Assert.That(error.Message, Does.StartWith("Mix:").And.Contain("[2, 3, 5, 7]").And.Contain("[6]"));
    }

    /// <remarks>Its assembly lets nothing but itself see it, as those of most users do.</remarks>
    [Test]
    public void A_private_formula_runs_on_the_CPU_and_says_on_a_GPU_what_is_missing()
    {
        GradientCheck.Of(x => x[0].Elementwise(new Hidden()), Leaf([40])).ThrowIfFailed();
        var error = Assert.Catch<Exception>(
            () => Leaf([40], DeviceCatalog.Open("emulated")).Elementwise(new Hidden()).ToArray())!;
        Assert.That(error.Message, Does.Contain("Hidden").And.Contain("must be public").And.Contain("ILGPURuntime"));
    }

    private class Product : Op
    {
        private Tensor a = null!, b = null!;

        protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape == x[1].Shape
            ? x[0].Shape
            : throw new ShapeException($"{Name}: {x[0].Shape} and {x[1].Shape} have different shapes.");

        protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
        {
            (a, b) = (Save(x[0]), Save(x[1]));
            Multiply(a, b, y);
        }

        protected internal override Tensor?[] Backward(Tensor dy) =>
            [Needed(0) ? Multiply(dy, b, NewTensor(dy.Shape, dy.Device)) : null, Needed(1) ? dy * a : null];

        private Tensor Multiply(Tensor a, Tensor b, Tensor y)
        {
            ReadOnlySpan<float> left = ReadContents(a), right = ReadContents(b);
            var to = WriteContents(y);
            for (var i = 0; i < to.Length; i++) to[i] = left[i] * right[i];
            return y;
        }
    }

    private sealed class Renamed : Product
    {
        public override string Name => "my op";
    }

    /// <summary>Its forward pass writes what needs no implementation.</summary>
    private sealed class BackwardOnCpuOp : Op
    {
        protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

        protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) => y.CopyFrom(new float[y.Shape.Size]);

        protected internal override Tensor?[] Backward(Tensor dy)
        {
            ReadContents(dy);
            return [dy];
        }
    }

    private sealed class Given(Func<Tensor, Tensor?[]> gradients) : Op
    {
        protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

        protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) => y.CopyFrom(new float[y.Shape.Size]);

        protected internal override Tensor?[] Backward(Tensor dy) => gradients(dy);
    }

    /// <summary>On the CPU too, where it would work.</summary>
    [Test]
    public void A_formula_with_a_field_that_a_GPU_cannot_take_is_an_error_that_names_it()
    {
        var x = Tensor.Zeros([3]);
        Assert.That(
            () => x.Elementwise(new ScaledByArray([2])),
            Throws.ArgumentException.With.Message.Contains("ScaledByArray")
                .And.Message.Contains("factors of type Single[]"));
        Assert.That(
            () => x.Elementwise(new Switched(new(true))),
            Throws.ArgumentException.With.Message.Contains("Switched").And.Message.Contains("isOn of type Boolean"));
    }

    private readonly record struct Flag(bool isOn);

    private readonly struct Switched(Flag flag) : IUnaryFormula
    {
        private readonly Flag flag = flag;

        public T F<T>(T x) where T : struct, IReal<T> => flag.isOn ? x : -x;

        public T D<T>(T x) where T : struct, IReal<T> => T.Create(flag.isOn ? 1 : -1);
    }

    private readonly struct Hidden : IUnaryFormula
    {
        public T F<T>(T x) where T : struct, IReal<T> => x * x;

        public T D<T>(T x) where T : struct, IReal<T> => x + x;
    }
}

/// <summary>x + k·sin²(a·x)/a</summary>
/// <seealso href="https://arxiv.org/abs/2006.08195">Liu, Hartwig and Ueda, 2020, eq. 3</seealso>
public readonly struct Snake(float a, int k) : IUnaryFormula
{
    public T F<T>(T x) where T : struct, IReal<T>
    {
        var sine = T.Sin(T.Create(a) * x);
        return x + T.Create(k) * sine * sine / T.Create(a);
    }

    public T D<T>(T x) where T : struct, IReal<T> => T.Create(1) + T.Create(k) * T.Sin(T.Create(2 * a) * x);
}

/// <summary>w·a·b</summary>
public readonly struct Mix(float w) : IBinaryFormula
{
    public T F<T>(T a, T b) where T : struct, IReal<T> => T.Create(w) * a * b;

    public T DA<T>(T a, T b) where T : struct, IReal<T> => T.Create(w) * b;

    public T DB<T>(T a, T b) where T : struct, IReal<T> => T.Create(w) * a;
}

public readonly struct ScaledByArray(float[] factors) : IUnaryFormula
{
    public T F<T>(T x) where T : struct, IReal<T> => x * T.Create(factors[0]);

    public T D<T>(T x) where T : struct, IReal<T> => T.Create(factors[0]);
}

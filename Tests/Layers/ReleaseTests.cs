using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The tensors that Sequential releases, and those that it must not release.</summary>
public sealed class ReleaseTests
{
    private readonly CpuDevice device = new(threads: 1);

    [Test]
    public void In_evaluation_only_the_output_stays_allocated()
    {
        var rng = new Rng(1);
        var net = new Sequential(
            new Conv2d(1, 16, 3, rng),
            new ReLU(),
            new Conv2d(16, 16, 1, rng),
            new Sequential(new ReLU(), new Flatten()));
        net.To(device);
        var x = Tensor.Uniform([4, 1, 10, 10], -1, 1, rng, device);
        using var paused = GradMode.NoGrad();

        var before = device.Memory.Allocated;
        var y = net.Forward(x);

        Assert.That(
            device.Memory.Allocated - before,
            Is.EqualTo(y.Shape.Size * sizeof(float)),
            "4·16·8·8 floats are a block's size exactly");
        Assert.That(x.ToArray(), Has.Length.EqualTo(400), "the input is the caller's");
    }

    [Test]
    public void In_training_tensors_that_no_gradient_reads_are_released_before_Backward()
    {
        var rng = new Rng(1);
        var net = new Sequential(new Conv2d(1, 16, 1, rng), new Affine(), new Affine(), new Affine(), new Affine());
        net.To(device);
        var x = Tensor.Uniform([4, 1, 8, 8], -1, 1, rng, device);

        var before = device.Memory.Allocated;
        var y = net.Forward(x);
        Assert.That(
            device.Memory.Allocated - before,
            Is.EqualTo(y.Shape.Size * sizeof(float)),
            "2·x + 1 needs nothing for its gradient");

        y.Sum().Backward();
        Assert.That(net.Parameters().Select(p => p.Grad), Has.None.Null);
    }

    [Test]
    public void A_module_that_keeps_its_input_says_Keep()
    {
        var (forgetful, keeping) = (new RecordingModule(keep: false), new RecordingModule(keep: true));
        var net = new Sequential(new Affine(), forgetful, new Affine(), keeping, new Affine());
        using var paused = GradMode.NoGrad();

        var y = net.Forward(Tensor.Full([3], 1));

        Assert.That(y.ToArray(), Is.All.EqualTo(15f));
        Assert.That(keeping.Output!.ToArray(), Is.All.EqualTo(7f));
        Assert.That(
            () => forgetful.Output!.ToArray(),
            Throws.InvalidOperationException.With.Message.Contains("Keep()"));
    }

    [Test]
    public void Modules_may_return_their_input_or_a_tensor_of_their_own()
    {
        var constant = new Constant();
        using var paused = GradMode.NoGrad();
        var x = Tensor.Full([3], 4) + 1;        // an op's output, but not of the Sequential: not released

        Assert.That(
            new Sequential(new RecordingModule(keep: false), new RecordingModule(keep: false)).Forward(x).ToArray(),
            Has.Length.EqualTo(3));
        for (var i = 0; i < 2; i++)
            Assert.That(new Sequential(new Affine(), constant, new Affine()).Forward(x).ToArray(), Is.All.EqualTo(9f));
        Assert.That(x.ToArray(), Is.All.EqualTo(5f));
    }

    [Test]
    public void Release_has_no_effect_on_leaves_and_kept_tensors()
    {
        Tensor[] tensors = [Tensor.Full([2], 1), new Parameter(Tensor.Full([2], 1)), (Tensor.Full([2], 0) + 1).Keep()];
        foreach (var tensor in tensors)
        {
            tensor.Release();
            Assert.That(tensor.ToArray(), Is.All.EqualTo(1f));
        }

        var result = Tensor.Full([2], 0) + 1;
        result.Release();
        Assert.That(() => result.ToArray(), Throws.InvalidOperationException);
    }

    private sealed class Affine : Module
    {
        protected override Tensor Forward(Tensor x)
        {
            var twice = 2 * x;
            var y = twice + 1;
            twice.Release();
            return y;
        }
    }

    private sealed class RecordingModule(bool keep) : Module
    {
        public Tensor? Output;

        protected override Tensor Forward(Tensor x) => Output = keep ? x.Keep() : x;
    }

    private sealed class Constant : Module
    {
        private readonly Tensor four = Tensor.Full([3], 4);

        protected override Tensor Forward(Tensor x) => four;
    }
}

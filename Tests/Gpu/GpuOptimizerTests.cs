using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Optimizers on each device take the CPU's steps, all parameters in one launch.</summary>
[Category("Gpu"), Category("Slow")]
public sealed class GpuOptimizerTests
{
    private const int Many = 23;        // more than one launch takes

    private static IEnumerable<TestCaseData> Kinds => TestDevices.Each(OptimizerTests.Kinds.Keys);

    [TestCaseSource(nameof(Kinds))]
    public void Steps_are_the_CPUs(string name, string kind)
    {
        var (here, there) = (Trained(DeviceCatalog.Open(name), kind), Trained(Device.Cpu, kind));
        foreach (var (i, (mine, right)) in here.Zip(there).Index())
            Assert.That(
                mine,
                Is.EqualTo(right).Within(2e-6f),
                $"tensor {i}: five steps of some three roundings of 6e-8 of numbers up to 2");
    }

    [TestCaseSource(nameof(Kinds))]
    public void A_step_is_one_launch(string name, string kind)
    {
        var device = (GpuDevice)DeviceCatalog.Open(name);
        Parameter[] parameters = [.. Parameters(device).Take(18)];      // nin's
        var optimizer = OptimizerTests.Kinds[kind](parameters);
        SetGradients(parameters, step: 1);
        var (launches, transfers, blocks) = (device.LaunchCount, device.TransferCount, device.Memory.SystemAllocations);
        optimizer.Step();
        Assert.That(
            device.LaunchCount - launches,
            name == "opencl" ? Is.AnyOf(1, 5) : Is.EqualTo(1),
            "five where arguments have 1 KB");
        Assert.That(device.TransferCount, Is.EqualTo(transfers));
        Assert.That(device.Memory.SystemAllocations, Is.EqualTo(blocks));
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void Gradients_are_clipped_by_their_common_norm(string name)
    {
        var device = DeviceCatalog.Open(name);
        // Four groups of threads, and one
        Parameter a = new(Tensor.Zeros([50_001], device)), b = new(Tensor.Zeros([3], device));
        a.Backward(Tensor.Full([50_001], 1e30f, device));
        b.Backward(Tensor.From([3], [3e30f, -4e30f, 0], device));
        var norm = 1e30f * Math.Sqrt(50_001 + 25);
        Assert.That(
            new[] { a, b }.ClipGradNorm(1), Is.EqualTo(norm).Within(1e-5).Percent, "squares beyond single precision");
        Assert.That(a.Grad!.ToArray(), Is.All.EqualTo(1e30f / norm).Within(1e-8));
        Assert.That(b.Grad!.ToArray(), Is.EqualTo(new[] { 3e30f / norm, -4e30f / norm, 0 }).Within(1e-8));
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void Clipping_takes_few_launches_and_waits_once(string name)
    {
        var device = (GpuDevice)DeviceCatalog.Open(name);
        Parameter[] parameters = [.. Parameters(device).Take(18)];      // nin's
        SetGradients(parameters, step: 1);
        var (launches, transfers) = (device.LaunchCount, device.TransferCount);
        parameters.ClipGradNorm(1e-3f);
        Assert.That(
            device.LaunchCount - launches,
            name == "opencl" ? Is.LessThanOrEqualTo(11) : Is.EqualTo(3),
            "square, add up, scale");
        Assert.That(device.TransferCount - transfers, Is.EqualTo(1), "the norm");

        launches = device.LaunchCount;
        parameters.ClipGradNorm(1e3f);
        Assert.That(
            device.LaunchCount - launches,
            name == "opencl" ? Is.LessThanOrEqualTo(6) : Is.EqualTo(2),
            "nothing to scale");
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void The_norm_of_many_gradients_is_the_CPUs_and_so_are_they(string name)
    {
        var (here, there) = (Clipped(DeviceCatalog.Open(name)), Clipped(Device.Cpu));
        Assert.That(here.Norm, Is.EqualTo(there.Norm).Within(1e-12).Percent);
        foreach (var (mine, right) in here.Gradients.Zip(there.Gradients))
            Assert.That(mine, Is.EqualTo(right).Within(1e-7f));

        (double Norm, float[][] Gradients) Clipped(Device device)
        {
            Parameter[] parameters =
                [.. Parameters(device), new(Tensor.Zeros([0, 3], device)), new(Tensor.Zeros([150_001], device))];
            SetGradients(parameters, step: 1);
            var shared = Tensor.Full([7], 2, device);
            Parameter a = new(Tensor.Zeros([7], device)), b = new(Tensor.Zeros([7], device));
            a.Grad = b.Grad = shared;
            var norm = parameters.Concat([a, b]).ClipGradNorm(3);
            return (norm, [.. parameters.Concat([a, b]).Select(p => p.Grad!.ToArray()), shared.ToArray()]);
        }
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void A_NaN_among_the_gradients_makes_the_norm_NaN_and_every_gradient(string name)
    {
        var device = DeviceCatalog.Open(name);
        Parameter a = new(Tensor.Zeros([3], device)), b = new(Tensor.Zeros([2], device));
        a.Backward(Tensor.From([3], [1, float.NaN, 2], device));
        b.Backward(Tensor.From([2], [1, 2], device));
        Assert.That(new[] { a, b }.ClipGradNorm(1), Is.NaN);
        Assert.That(a.Grad!.ToArray().Concat(b.Grad!.ToArray()), Is.All.NaN);
    }

    /// <summary>In one launch a part must not overwrite what another reads.</summary>
    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void A_gradient_that_two_parameters_share_is_not_clipped_in_place(string name)
    {
        var device = DeviceCatalog.Open(name);
        foreach (var byValue in (bool[])[false, true])
        {
            Parameter a = new(Tensor.Zeros([2], device)), b = new(Tensor.Zeros([2], device));
            var shared = new Tensor([2], device);
            shared.CopyFrom([3, 4]);
            a.Grad = b.Grad = shared;
            if (byValue) new[] { a, b }.ClipGradValue(0.5f);
            else new[] { a, b }.ClipGradNorm(1);
            Assert.That(a.Grad, Is.Not.SameAs(shared));
            Assert.That(b.Grad, Is.Not.SameAs(shared));
            float[] right = byValue ? [0.5f, 0.5f] : [3 / MathF.Sqrt(50), 4 / MathF.Sqrt(50)];
            Assert.That(a.Grad!.ToArray(), Is.EqualTo(right).Within(1e-6f));
            Assert.That(b.Grad!.ToArray(), Is.EqualTo(right).Within(1e-6f));
        }
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void Gradients_are_clipped_by_value_in_one_launch_and_NaN_stays(string name)
    {
        var device = (GpuDevice)DeviceCatalog.Open(name);
        Parameter[] parameters = [.. Parameters(device).Take(18)];
        SetGradients(parameters, step: 1);
        parameters[0].Grad = Tensor.From([1], [float.NaN], device);
        var shared = parameters[1].Grad!;
        parameters[3].Grad = Tensor.From([22], Sines(22, k => k), device);
        var expected = parameters.Select(p => p.Grad!.ToArray().Select(x => Math.Clamp(x, -0.5f, 0.5f))).ToArray();
        var (launches, transfers) = (device.LaunchCount, device.TransferCount);
        parameters.ClipGradValue(0.5f);
        Assert.That(
            device.LaunchCount - launches, name == "opencl" ? Is.LessThanOrEqualTo(5) : Is.EqualTo(1));
        Assert.That(device.TransferCount, Is.EqualTo(transfers));
        Assert.That(parameters[1].Grad, Is.SameAs(shared), "in place");
        foreach (var (parameter, right) in parameters.Zip(expected))
            Assert.That(parameter.Grad!.ToArray(), Is.EqualTo(right));
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void An_average_is_the_CPUs_and_an_update_one_launch(string name)
    {
        var device = (GpuDevice)DeviceCatalog.Open(name);
        var (here, there) = (Averaged(device), Averaged(Device.Cpu));
        foreach (var (mine, right) in here.Zip(there)) Assert.That(mine, Is.EqualTo(right).Within(1e-6f));

        float[][] Averaged(Device on)
        {
            var rng = new Rng(1);
            var model = new Sequential(new Conv2d(3, 40, 3, rng), new BatchNorm2d(40), new Linear(70, 90, rng));
            var average = new ExponentialMovingAverage(model, 0.9);
            model.To(on);
            average.Update();
            var (launches, transfers) = ((on as GpuDevice)?.LaunchCount, (on as GpuDevice)?.TransferCount);
            average.Update();
            if (on is GpuDevice gpu)
                Assert.That(
                    (gpu.LaunchCount - launches, gpu.TransferCount - transfers),
                    name == "opencl" ? Is.AnyOf((1L, 0L), (2L, 0L)) : Is.EqualTo((1L, 0L)));

            foreach (var p in model.Parameters()) p.CopyFrom(Sines(p.Shape.Size, k => 0.7 * k));
            for (var n = 0; n < 3; n++) average.Update();
            using (average.Apply()) return [.. model.Parameters().Select(p => p.ToArray())];
        }
    }

    /// <summary>The parameters after five steps, and what the optimizer remembers.</summary>
    private static IEnumerable<float[]> Trained(Device device, string kind)
    {
        Parameter[] parameters = [.. Parameters(device)];
        var optimizer = OptimizerTests.Kinds[kind](parameters);
        for (var step = 0; step < 5; step++)
        {
            optimizer.ZeroGrad();
            SetGradients(parameters, step);
            optimizer.Step();
        }

        return [.. parameters.Select(p => p.ToArray()), .. optimizer.State().Select(s => s.Tensor.ToArray())];
    }

    /// <summary>Of one element and of several groups of threads, and lengths between.</summary>
    private static IEnumerable<Parameter> Parameters(Device device) => Enumerable.Range(0, Many).Select(i =>
        new Parameter(Tensor.From([Length(i)], Sines(Length(i), k => k + i), device)));

    private static float[] Sines(int count, Func<int, double> angle) =>
        [.. Enumerable.Range(0, count).Select(k => (float)Math.Sin(angle(k)))];

    private static int Length(int i) => i % 5 == 4 ? 5_000 + i : 1 + 7 * i;

    /// <summary>Some parameter has none in each step, so that their steps are counted apart.</summary>
    private static void SetGradients(Parameter[] parameters, int step)
    {
        foreach (var (i, p) in parameters.Index())
            if (step == 1 || i % 4 != step % 4)
                p.Backward(Tensor.From(p.Shape, Sines(p.Shape.Size, k => 0.7 * k + 1.3 * step), p.Device));
    }
}

using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class ExponentialMovingAverageTests
{
    [Test]
    public void An_average_follows_the_weights()
    {
        var model = new Linear(2, 1, new Rng(1), bias: false);
        model.Weight.CopyFrom([1, 5]);
        var average = new ExponentialMovingAverage(model, decay: 0.75);
        Assert.That(Averages(average), Is.EqualTo(new[] { 1f, 5 }), "of the weights at its construction");

        model.Weight.CopyFrom([3, 5]);
        average.Update();
        Assert.That(Averages(average), Is.EqualTo(new[] { 1.5f, 5 }));
        model.Weight.CopyFrom([3, 1]);
        average.Update();
        Assert.That(Averages(average), Is.EqualTo(new[] { 1.875f, 4 }));
        Assert.That(average.Updates, Is.EqualTo(2));
        Assert.That(model.Weight.ToArray(), Is.EqualTo(new[] { 3f, 1 }));
    }

    /// <summary>Update n, from 0, keeps (1 + n) / (10 + n) until that exceeds the decay.</summary>
    [Test]
    public void The_decay_can_warm_up()
    {
        var model = new Linear(1, 1, new Rng(1), bias: false);
        model.Weight.CopyFrom([0]);
        var average = new ExponentialMovingAverage(model, decay: 0.25, warmUp: true);
        model.Weight.CopyFrom([1]);
        var right = 0.0;
        foreach (var kept in (double[])[1 / 10.0, 2 / 11.0, 3 / 12.0, 0.25, 0.25])
        {
            average.Update();
            right = kept * right + (1 - kept);
            Assert.That(Averages(average)[0], Is.EqualTo(right).Within(1e-6));
        }
    }

    [Test]
    public void The_averaged_weights_are_in_the_model_for_a_while_and_its_own_come_back_to_the_bit()
    {
        var (model, average) = Moved();
        var (own, averages) = (XorTraining.Numbers(model), Averages(average));
        var buffer = ((BatchNorm1d)model[1]).RunningMean;
        buffer.CopyFrom([.. Enumerable.Repeat(7f, 16)]);

        using (average.Apply())
        {
            Assert.That(model.Parameters().SelectMany(p => p.ToArray()), Is.EqualTo(averages));
            Assert.That(buffer.ToArray(), Is.All.EqualTo(7), "buffers are the model's");
            Refused(() => average.Apply(), "Apply");
            Refused(average.Update, "Update");
            Refused(() => average.State(), "State");
        }

        Assert.That(model.Parameters().SelectMany(p => p.ToArray()), Is.Not.EqualTo(averages));
        buffer.CopyFrom(new float[16]);
        Assert.That(XorTraining.Numbers(model), Is.EqualTo(own));
        Assert.That(Averages(average), Is.EqualTo(averages));

        void Refused(Action call, string name) => Assert.That(
            call,
            Throws.InvalidOperationException.With.Message.Contains($"ExponentialMovingAverage.{name}: the averaged"));
    }

    [Test]
    public void The_second_disposal_does_nothing_and_a_graph_from_before_refuses_to_go_backward()
    {
        var (model, average) = Moved();
        var loss = model.Forward(Tensor.Full([3, 2], 1)).CrossEntropy(0, 1, 1);
        var scope = average.Apply();
        scope.Dispose();
        var own = XorTraining.Numbers(model);
        using (average.Apply()) scope.Dispose();
        Assert.That(XorTraining.Numbers(model), Is.EqualTo(own));
        Assert.That(loss.Backward, Throws.InvalidOperationException, "its weights were overwritten in the meantime");
    }

    [Test]
    public void A_state_that_is_copied_continues_to_the_bit()
    {
        var (model, average) = Moved();
        var twin = new ExponentialMovingAverage(model, 0.9, warmUp: true);
        foreach (var ((name, from), (sameName, to)) in average.State().Zip(twin.State()))
        {
            Assert.That(sameName, Is.EqualTo(name));
            to.CopyFrom(from.ToArray());
        }

        average.Update();
        twin.Update();
        Assert.That(Averages(twin), Is.EqualTo(Averages(average)));
        Assert.That(
            average.State().Select(s => s.Name),
            Is.EqualTo(new[] { "updates" }.Concat(
                model.State().Where(s => s.Tensor is Parameter).Select(s => s.Name))));
    }

    [Test]
    public void One_thread_and_three_give_the_same_bits_and_it_follows_the_model()
    {
        Assert.That(Run(threads: 3), Is.EqualTo(Run(threads: 1)));

        static float[] Run(int threads)
        {
            var model = new Linear(200, 201, new Rng(1));
            var average = new ExponentialMovingAverage(model, 0.9);
            model.To(new CpuDevice(threads));
            for (var n = 0; n < 3; n++)
            {
                model.Weight.CopyFrom([.. model.Weight.ToArray().Select(x => x + 0.1f)]);
                average.Update();
            }

            Assert.That(average.State()[1].Tensor.Device, Is.SameAs(model.Weight.Device));
            return Averages(average);
        }
    }

    [Test]
    public void Weights_that_stay_are_their_average_and_NaN_shows()
    {
        var model = new Linear(50, 3, new Rng(1));
        var average = new ExponentialMovingAverage(model, 0.3);
        for (var n = 0; n < 20; n++) average.Update();
        Assert.That(Averages(average), Is.EqualTo(XorTraining.Numbers(model)));
        model.Weight.CopyFrom([.. Enumerable.Repeat(float.NaN, 150)]);
        average.Update();
        Assert.That(Averages(average).Take(150), Is.All.NaN);
    }

    [Test]
    public void Faulty_arguments_are_refused_by_name([Values(-0.1, 1, double.NaN)] double decay)
    {
        Assert.That(
            () => new ExponentialMovingAverage(new Linear(1, 1, new Rng(1)), decay),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("The decay must be"));
        Assert.That(
            () => new ExponentialMovingAverage(new ReLU()),
            Throws.ArgumentException.With.Message.Contains("ReLU has no parameters"));
    }

    /// <summary>A model, and an average that is behind its weights.</summary>
    private static (Sequential Model, ExponentialMovingAverage Average) Moved()
    {
        var rng = new Rng(3);
        var model = new Sequential(new Linear(2, 16, rng), new BatchNorm1d(16), new Linear(16, 2, rng));
        var average = new ExponentialMovingAverage(model, 0.9, warmUp: true);
        foreach (var p in model.Parameters()) p.CopyFrom([.. p.ToArray().Select(x => x + 1)]);
        average.Update();
        return (model, average);
    }

    private static float[] Averages(ExponentialMovingAverage average) =>
        [.. average.State().Skip(1).SelectMany(s => s.Tensor.ToArray())];
}

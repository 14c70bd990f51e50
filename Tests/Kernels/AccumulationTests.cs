using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Sums of very many numbers keep their digits: <see cref="AccumulationCases"/> on the CPU.</summary>
[Category("Kernels")]
public sealed class AccumulationTests
{
    public static IEnumerable<AccumulationRow> Cases =>
        from isDrawn in (bool[])[true, false]
        from one in AccumulationCases.All
        select new AccumulationRow(one.Name, isDrawn);

    [TestCaseSource(nameof(Cases))]
    public void Errors_grow_like_the_root_of_the_terms(AccumulationRow row) => Run(row, Device.Cpu);

    /// <summary>Above 2²⁴ a float does not count by ones any more.</summary>
    [Test]
    public void Gradients_over_twenty_million_rows_of_ones_are_twenty_million()
    {
        const int rows = 20_000_000;
        var (w, b) = (new Parameter(Tensor.Zeros([1, 1])), new Parameter(Tensor.Zeros([1])));
        var ones = Tensor.Full([rows, 1], 1);
        ones.Linear(w, b).Backward(ones);
        Assert.That((w.Grad!.Item(), b.Grad!.Item()), Is.EqualTo(((float)rows, (float)rows)));

        (w, b) = (new(Tensor.Zeros([1, 1, 1, 1])), new(Tensor.Zeros([1])));
        ones = Tensor.Full([1, 1, 5000, 4000], 1);
        ones.Conv2d(w, b).Backward(ones);
        Assert.That((w.Grad!.Item(), b.Grad!.Item()), Is.EqualTo(((float)rows, (float)rows)));
        Assert.That(Tensor.Full([1, 1, 1, rows], 1).AvgPool2d((1, rows)).Item(), Is.EqualTo(1));
    }

    /// <summary>How a gradient is cut may depend on its shape alone.</summary>
    [Test]
    public void Threads_do_not_change_a_bit_of_long_sums()
    {
        var one = Run(new(1));
        foreach (var threads in (int[])[2, 3])
            Assert.That(Run(new(threads)), Is.EqualTo(one), $"{threads} threads");

        static float[][] Run(CpuDevice device)
        {
            var rng = new Rng(5);
            Tensor Draw(params int[] extents) => Tensor.Uniform(Shape.Create(extents), -1, 1, rng, device);
            var (x, w, b) = (Draw(20_000, 7), new Parameter(Draw(5, 7)), new Parameter(Draw(5)));
            var y = x.Linear(w, b);
            y.Backward(Draw(20_000, 5));
            var (image, kernel, bias) = (Draw(2, 3, 400, 400), new Parameter(Draw(4, 3, 1, 1)), new Parameter(Draw(4)));
            var z = image.Conv2d(kernel, bias);
            z.Backward(Draw(2, 4, 400, 400));
            var deep = Draw(5, 20_000).MatMul(Draw(20_000, 70));
            Tensor[] all = [w.Grad!, b.Grad!, kernel.Grad!, bias.Grad!, deep];
            return [.. all.Select(tensor => tensor.ToArray())];
        }
    }

    internal static void Run(AccumulationRow row, Device device)
    {
        var one = AccumulationCases.All.Single(c => c.Name == row.Name);
        var longest = device is CpuDevice ? one.LongestBlock : one.LongestBlockOnGpu;
        one.Check(one with { IsDrawn = row.IsDrawn, LongestBlock = longest }, new(device, row.IsDrawn));
    }
}

/// <summary>A row of <see cref="AccumulationCases"/>, with numbers drawn or all equal.</summary>
public sealed record AccumulationRow(string Name, bool IsDrawn)
{
    public override string ToString() => $"{Name}, {(IsDrawn ? "drawn" : "equal")}";
}

using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Sums of very many terms are accurate: <see cref="AccumulationCases"/> on the CPU.</summary>
[Category("Kernels")]
public sealed class AccumulationTests
{
    public static IEnumerable<AccumulationRow> Cases =>
        from isDrawn in (bool[])[true, false]
        from item in AccumulationCases.All
        select new AccumulationRow(item.Name, isDrawn);

    [TestCaseSource(nameof(Cases))]
    public void Errors_grow_with_the_square_root_of_the_number_of_terms(AccumulationRow row) => Run(row, Device.Cpu);

    /// <summary>A float of 2²⁴ or more does not change when 1 is added.</summary>
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

    /// <summary>The blocks of a gradient depend on its shape alone.</summary>
    [Test]
    public void Threads_do_not_change_a_bit_of_long_sums()
    {
        var expected = Run(new(1));
        foreach (var threads in (int[])[2, 3])
            Assert.That(Run(new(threads)), Is.EqualTo(expected), $"{threads} threads");

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
        var accumulation = AccumulationCases.All.Single(c => c.Name == row.Name);
        var longest = device is CpuDevice ? accumulation.LongestBlock : accumulation.LongestBlockOnGpu;
        accumulation.Check(
            accumulation with { IsDrawn = row.IsDrawn, LongestBlock = longest }, new(device, row.IsDrawn));
    }
}

/// <summary>A row of <see cref="AccumulationCases"/>, with random or equal terms.</summary>
public sealed record AccumulationRow(string Name, bool IsDrawn)
{
    public override string ToString() => $"{Name}, {(IsDrawn ? "drawn" : "equal")}";
}

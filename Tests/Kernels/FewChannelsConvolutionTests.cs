using NUnit.Framework;
using static PyNetSharp.Tests.DirectConvolutionTests;

namespace PyNetSharp.Tests;

/// <summary>Convolutions to few channels at every vector width, against sums in double from the definition.</summary>
[Category("Kernels")]
public sealed unsafe class FewChannelsConvolutionTests
{
    private static readonly Geometry[] Geometries =
    [
        new(3, 1, 12, 20, 6, (5, 5), (1, 1), (0, 0)),       // as LeNet's first
        new(2, 16, 6, 7, 6, (5, 5), (1, 1), (4, 4)),        // as the input gradient of its second
        new(1, 3, 9, 16, 5, (3, 3), (1, 1), (1, 1)),
        new(2, 5, 4, 6, 1, (3, 4), (1, 1), (5, 6)),         // patches that are padding only
        new(4, 2, 5, 37, 4, (1, 9), (1, 1), (0, 3)),
        new(1, 4, 11, 3, 2, (9, 1), (1, 1), (2, 0)),
        new(20, 1, 3, 3, 3, (3, 3), (1, 1), (0, 0)),        // more images than slices of the batch
    ];

    private static readonly (int Width, FewChannelsConvolution Kernels, DirectConvolution Direct)[] Widths =
    [
        (16, new FewChannelsConvolution<F32x16>(), new DirectConvolution<F32x16>()),
        (8, new FewChannelsConvolution<F32x8>(), new DirectConvolution<F32x8>()),
        (4, new FewChannelsConvolution<F32x4>(), new DirectConvolution<F32x4>()),
    ];

    private static IEnumerable<TestCaseData> Cases =>
        from width in Widths
        from geometry in Geometries.Append(new(2, 2, 5, 20, width.Kernels.Mr, (3, 3), (1, 1), (1, 1)))
        select new TestCaseData(width.Width, geometry).SetArgDisplayNames($"{width.Width} lanes", geometry.ToString());

    [TestCaseSource(nameof(Cases))]
    public void A_convolution_equals_the_definition(int width, Geometry g)
    {
        var (_, kernels, direct) = Widths.Single(w => w.Width == width);
        var (rng, positions) = (new Rng(1), g.Images * g.OutH * g.OutW);
        using var x = new CanaryBuffer(g.Images * g.Height * g.Width * g.Channels, rng);
        using var w = new CanaryBuffer(g.Outputs * g.Depth, rng);
        using var bias = new CanaryBuffer(g.Outputs, rng);
        using var zeros = new CanaryBuffer(g.Kernel.W * g.Channels, null);
        using var packed = new CanaryBuffer(direct.PackedSize(g.Depth, g.Outputs), rng);
        using var start = new CanaryBuffer(direct.PackedSize(1, g.Outputs), rng);
        using var y = new CanaryBuffer(positions * g.Outputs, rng);
        using var positive = new CanaryBuffer(positions * g.Outputs, rng);
        direct.PackTransposed(Device.Cpu, w.Data, g.Depth, g.Outputs, packed.Data);
        direct.Pack(bias.Data, 1, g.Outputs, start.Data);
        var patches = CreatePatches(g, x.Data, zeros.Data);

        Assert.That(kernels.Supports(patches.Geometry, g.Outputs));
        kernels.Convolve(Device.Cpu, patches, packed.Data, start.Data, relu: false, y.Data, g.Outputs);
        kernels.Convolve(Device.Cpu, patches, packed.Data, start.Data, relu: true, positive.Data, g.Outputs);

        for (var p = 0; p < positions; p++)
            for (var o = 0; o < g.Outputs; o++)
            {
                var expected = (double)bias.Data[o];
                for (var k = 0; k < g.Depth; k++)
                    expected += (double)w.Data[o * g.Depth + k] * InputAtTap(g, x.Data, p, k);
                var value = y.Data[p * g.Outputs + o];
                Assert.That(value, Is.EqualTo(expected).Within(Rounding(g.Depth)), $"position {p}, output {o}");
                var afterRelu = positive.Data[p * g.Outputs + o];
                Assert.That(afterRelu, Is.EqualTo(Math.Max(value, 0)), $"position {p}, output {o}");
            }
    }

    [TestCaseSource(nameof(Cases))]
    public void The_weight_gradient_equals_the_definition(int width, Geometry g)
    {
        var (_, kernels, _) = Widths.Single(w => w.Width == width);
        var (rng, positions) = (new Rng(2), g.Images * g.OutH * g.OutW);
        using var x = new CanaryBuffer(g.Images * g.Height * g.Width * g.Channels, rng);
        using var dy = new CanaryBuffer(positions * g.Outputs, rng);
        using var dw = new CanaryBuffer(g.Outputs * g.Depth, rng);
        using var db = new CanaryBuffer(g.Outputs, rng);
        using var zeros = new CanaryBuffer(g.Kernel.W * g.Channels, null);
        var patches = CreatePatches(g, x.Data, zeros.Data);
        using var sums = new CanaryBuffer(kernels.WeightGradientWorkspaceSize(patches, g.Outputs), rng);

        kernels.WeightGradient(Device.Cpu, patches, dy.Data, g.Outputs, sums.Data, dw.Data, db.Data);

        for (var o = 0; o < g.Outputs; o++)
        {
            var expectedBias = 0.0;
            for (var p = 0; p < positions; p++) expectedBias += dy.Data[p * g.Outputs + o];
            Assert.That(db.Data[o], Is.EqualTo(expectedBias).Within(Rounding(positions)), $"db[{o}]");

            for (var k = 0; k < g.Depth; k++)
            {
                var expected = 0.0;
                for (var p = 0; p < positions; p++)
                    expected += (double)dy.Data[p * g.Outputs + o] * InputAtTap(g, x.Data, p, k);
                var value = dw.Data[o * g.Depth + k];
                Assert.That(value, Is.EqualTo(expected).Within(Rounding(positions)), $"dw[{o}, {k}]");
            }
        }
    }

    [Test]
    public void Rows_and_columns_are_exchanged([Range(1, 9)] int rows, [Values(1, 3, 4, 6, 17)] int columns)
    {
        var rng = new Rng(3);
        var (fromStride, toStride) = (columns + 2, rows + 1);
        using var from = new CanaryBuffer(rows * fromStride, rng);
        using var to = new CanaryBuffer((columns - 1) * toStride + rows, null);
        Transposition.Copy(from.Data, fromStride, rows, columns, to.Data, toStride);
        for (var i = 0; i < (columns - 1) * toStride + rows; i++)
        {
            var (column, row) = Math.DivRem(i, toStride);
            var expected = row < rows ? from.Data[row * fromStride + column] : 0;
            Assert.That(to.Data[i], Is.EqualTo(expected), $"[{column}, {row}]");
        }
    }
}

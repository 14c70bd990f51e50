using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// The kernels for all groups at once, at every vector width and every number of channels, against sums in double.
/// </summary>
[Category("Kernels")]
public sealed unsafe class GroupedConvolutionTests
{
    private const int Images = 2, Height = 5, Width = 9;

    private static readonly (string Name, int Lanes, GroupedConvolution Kernels)[] Widths =
    [
        ("16 lanes", 16, GroupedConvolution<F32x16>.Instance), ("8 lanes", 8, GroupedConvolution<F32x8>.Instance),
        ("4 lanes", 4, GroupedConvolution<F32x4>.Instance), ("1 lane", 1, GroupedConvolution<F32>.Instance),
    ];

    private static IEnumerable<TestCaseData> Cases =>
        from width in Widths
        from inputs in (int[])[1, 2]
        from outputs in (int[])[1, 3]
        from stride in (int[])[1, 2]
        select new TestCaseData(width.Name, inputs, outputs, stride).SetArgDisplayNames(
            width.Name, $"{inputs} to {outputs} channels", $"stride {stride}");

    /// <summary>Forward pass and weight gradient of a 3×3 kernel with padding 1, of up to 70 output channels.</summary>
    [TestCaseSource(nameof(Cases))]
    public void Every_number_of_channels(string width, int inputs, int outputs, int stride)
    {
        var (_, lanes, kernels) = Widths.Single(w => w.Name == width);
        for (var groups = 1; groups * outputs <= 70; groups++)
            if (groups * outputs >= lanes)
                Check(kernels, groups, inputs, outputs, stride);
    }

    private static void Check(GroupedConvolution kernels, int groups, int inputs, int outputs, int stride)
    {
        var (channels, lanes) = (groups * inputs, groups * outputs);
        var problem = Conv2dProblem.Create(
            [Images, channels, Height, Width], [lanes, inputs, 3, 3], null, (stride, stride), (1, 1), (1, 1), groups);
        var (rng, positions) = (new Rng(1), Images * problem.P * problem.Q);
        using var x = new CanaryBuffer(Images * Height * Width * channels, rng);
        using var weight = new CanaryBuffer(lanes * 9 * inputs, rng);
        using var packed = new CanaryBuffer(lanes * 9 * inputs, rng);
        using var bias = new CanaryBuffer(lanes, rng);
        using var y = new CanaryBuffer(positions * lanes, rng);
        using var positive = new CanaryBuffer(positions * lanes, rng);
        using var dy = new CanaryBuffer(positions * lanes, rng);
        using var dw = new CanaryBuffer(lanes * 9 * inputs, rng);
        using var db = new CanaryBuffer(lanes, rng);
        var patches = new Patches(x.Data, null, problem.InputPatches with { PixelStride = channels });

        GroupedWeights.Pack(Device.Cpu, weight.Data, problem, packed.Data);
        Convolve(relu: false, y.Data);
        Convolve(relu: true, positive.Data);
        kernels.WeightGradient(Device.Cpu, patches, dy.Data, lanes, outputs, dw.Data, db.Data);

        var (right, rightGradient) = (new double[positions * lanes], new double[lanes * 9 * inputs]);
        var rightBias = new double[lanes];
        for (var p = 0; p < positions; p++)
            for (var k = 0; k < lanes; k++)
            {
                right[p * lanes + k] = bias.Data[k];
                rightBias[k] += dy.Data[p * lanes + k];
                for (var tap = 0; tap < 9 * inputs; tap++)
                {
                    var value = Input(p, tap / inputs, k / outputs * inputs + tap % inputs);
                    right[p * lanes + k] += value * weight.Data[k * 9 * inputs + tap];
                    rightGradient[k * 9 * inputs + tap] += value * dy.Data[p * lanes + k];
                }
            }

        var within = DirectConvolutionTests.Rounding(Math.Max(positions, 9 * inputs));
        Assert.That(Values(y.Data, right.Length), Is.EqualTo(right).Within(within), $"{groups} groups");
        Assert.That(
            Values(positive.Data, right.Length), Is.EqualTo(Values(y.Data, right.Length).Select(v => Math.Max(v, 0))));
        var gradients = Values(dw.Data, rightGradient.Length);
        Assert.That(gradients, Is.EqualTo(rightGradient).Within(within), $"{groups} groups");
        Assert.That(Values(db.Data, lanes), Is.EqualTo(rightBias).Within(within), $"{groups} groups");

        void Convolve(bool relu, float* to) => kernels.Convolve(
            Device.Cpu, patches, outputs, packed.Data, bias.Data, relu,
            new StridedOutput(to, lanes, problem.P, problem.Q, (1, 1), (0, 0)));

        double Input(int position, int tap, int channel)
        {
            var (line, column) = Math.DivRem(position, problem.Q);
            var (image, row) = Math.DivRem(line, problem.P);
            var (h, w) = (row * stride - 1 + tap / 3, column * stride - 1 + tap % 3);
            return h < 0 || w < 0 || h >= Height || w >= Width
                ? 0
                : x.Data[((image * Height + h) * Width + w) * channels + channel];
        }

        static float[] Values(float* data, int count) => new ReadOnlySpan<float>(data, count).ToArray();
    }

    /// <summary>Large results are stored past the caches, and are the same.</summary>
    [Test]
    public void Large_results_are_those_of_their_parts()
    {
        const int size = 32 * 128 * 128;
        var rng = new Rng(2);
        var (x, w) = (Tensor.Uniform([9, 32, 128, 128], -1, 1, rng), Tensor.Uniform([32, 1, 3, 3], -1, 1, rng));
        var whole = x.Conv2d(w, padding: 1, groups: 32).ToArray();
        var one = Tensor.From([1, 32, 128, 128], [.. x.ToArray().TakeLast(size)]);
        Assert.That(whole.TakeLast(size), Is.EqualTo(one.Conv2d(w, padding: 1, groups: 32).ToArray()));
    }

    /// <summary>Both ways to compute groups, of which the plan chooses one.</summary>
    [TestCase(32, 2, 2)]
    [TestCase(8, 16, 12)]
    [TestCase(3, 40, 5)]
    public void All_groups_at_once_are_group_by_group(int groups, int inputs, int outputs)
    {
        var (chosen, direct) = (Passes(directOnly: false), Passes(directOnly: true));
        for (var i = 0; i < chosen.Length; i++)
            Assert.That(
                chosen[i], Is.EqualTo(direct[i]).Within(DirectConvolutionTests.Rounding(inputs * 9 + 2 * 8 * 7)));

        float[][] Passes(bool directOnly)
        {
            var rng = new Rng(4);
            var x = new Parameter(Tensor.Uniform([2, groups * inputs, 8, 7], -1, 1, rng));
            var w = new Parameter(Tensor.Uniform([groups * outputs, inputs, 3, 3], -1, 1, rng));
            var op = new Conv2dOp((1, 1), (2, 1), relu: false)
            {
                DirectOnly = directOnly, Groups = groups, Dilation = (2, 1),
            };
            var y = op.Apply(x, w);
            var (result, dy) = (y.ToArray(), Tensor.Uniform(y.Shape, -1, 1, rng));
            y.Backward(dy);
            return [result, x.Grad!.ToArray(), w.Grad!.ToArray()];
        }
    }

    [Test]
    public void Arguments_out_of_range_are_refused_by_name()
    {
        var (x, w) = (Tensor.Zeros([1, 4, 8, 8]), Tensor.Zeros([4, 4, 3, 3]));
        Assert.That(() => x.Conv2d(w, dilation: 0), Refused("dilation"));
        Assert.That(() => x.Conv2d(w, null, (1, 1), (0, 0), (1, -1)), Refused("dilation"));
        Assert.That(() => x.Conv2d(w, groups: 0), Refused("groups"));

        static NUnit.Framework.Constraints.IResolveConstraint Refused(string name) =>
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo(name);
    }
}

using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// The matrix product's loops at every vector width, against sums in double; every row and column edge.
/// </summary>
[Category("Kernels")]
public sealed unsafe class GemmCpuTests
{
    private static readonly (string Name, GemmCpu Kernels)[] Widths =
    [
        ("16 lanes", new GemmCpu<F32x16>()), ("8 lanes", new GemmCpu<F32x8>()),
        ("4 lanes", new GemmCpu<F32x4>()), ("1 lane", new GemmCpu<F32>()),
    ];

    [Test]
    public void Product_equals_the_definition(
        [Values("16 lanes", "8 lanes", "4 lanes", "1 lane")] string width,
        [Values] bool transposeA, [Values] bool transposeB)
    {
        var kernels = Widths.Single(w => w.Name == width).Kernels;
        int[] rows = [1, 3, 5, 6, 9, 66, 100], depths = [1, 13, 64, 300], columns = [1, 7, 16, 33, 300];
        foreach (var m in rows)
            foreach (var k in depths)
                foreach (var n in columns)
                    Check(kernels, m, k, n, transposeA, transposeB, bias: (m + n) % 2 == 0, relu: (m + k) % 2 == 0);
    }

    /// <summary>A product over nothing is the bias, negative or not.</summary>
    [Test]
    public void Without_terms_the_bias_is_left([Values] bool relu)
    {
        using var bias = new CanaryBuffer(3, null);
        using var c = new CanaryBuffer(6, new(1));
        (bias.Data[0], bias.Data[1], bias.Data[2]) = (-0.5f, 0.5f, 2);
        foreach (var (_, kernels) in Widths)
        {
            kernels.Multiply(Device.Cpu, new(0, 2, 0, false), new(0, 0, 3, false), c.Data, bias.Data, relu);
            Assert.That(
                new ReadOnlySpan<float>(c.Data, 6).ToArray(),
                Is.EqualTo(relu ? new[] { 0, 0.5f, 2, 0, 0.5f, 2 } : new[] { -0.5f, 0.5f, 2, -0.5f, 0.5f, 2 }));
        }
    }

    /// <summary>Rows are summed in bands of a million results, of which the last is smaller.</summary>
    [Test]
    public void The_last_band_of_split_K_may_be_smaller()
    {
        const int rows = 3, columns = 400_000;
        using var a = new CanaryBuffer(rows * 2, new(1));
        using var b = new CanaryBuffer(2 * columns, new(2));
        using var bias = new CanaryBuffer(columns, new(3));
        using var c = new CanaryBuffer(rows * columns, null);
        SplitKGemm.Multiply(
            Widths[1].Kernels, Device.Cpu, new((nint)a.Data, rows, 2, false), new((nint)b.Data, 2, columns, false),
            c.Data, bias.Data, relu: true);
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < columns; j++)
            {
                var sum = (double)a.Data[2 * i] * b.Data[j] + (double)a.Data[2 * i + 1] * b.Data[columns + j];
                var expected = Math.Max(sum + bias.Data[j], 0);
                if (!(Math.Abs(c.Data[i * columns + j] - expected) <= 1e-6)) Assert.Fail($"element ({i}, {j})");
            }
    }

    [Test]
    public void Missing_columns_of_a_panel_are_zeros([Values(1, 5, 8)] int columns, [Values] bool transposed)
    {
        const int depth = 3, width = 8, stride = 11;
        using var from = new CanaryBuffer(stride * width, new(4));
        using var panel = new CanaryBuffer(depth * width, new(5));
        if (transposed) PanelPacking.PackTransposed(from.Data, stride, depth, columns, panel.Data, width);
        else PanelPacking.Pack(from.Data, stride, depth, columns, panel.Data, width);
        for (var k = 0; k < depth; k++)
            for (var j = 0; j < width; j++)
            {
                var expected = j >= columns ? 0 : from.Data[transposed ? j * stride + k : k * stride + j];
                Assert.That(panel.Data[k * width + j], Is.EqualTo(expected), $"[{k}, {j}]");
            }
    }

    private static void Check(GemmCpu kernels, int m, int k, int n, bool ta, bool tb, bool bias, bool relu)
    {
        var rng = new Rng((ulong)(m * 1_000_000 + k * 1000 + n));
        var (a, b, start, c) = (Draw(m * k), Draw(k * n), Draw(n), Draw(m * n + 32));
        var canaries = c[(m * n)..];
        fixed (float* pa = a, pb = b, ps = start, pc = c)
            kernels.Multiply(
                Device.Cpu, new((nint)pa, m, k, ta), new((nint)pb, k, n, tb), pc, bias ? ps : null, relu);

        for (var i = 0; i < m; i++)
            for (var j = 0; j < n; j++)
            {
                var expected = bias ? start[j] : 0.0;
                for (var p = 0; p < k; p++)
                    expected += (double)(ta ? a[p * m + i] : a[i * k + p]) * (tb ? b[j * k + p] : b[p * n + j]);
                if (relu) expected = Math.Max(expected, 0);

                // k roundings of sums that grow to about √k.
                if (!(Math.Abs(c[i * n + j] - expected) <= 1e-6 + 6e-8 * k * Math.Sqrt(k) / 4))
                    Assert.Fail($"[{m}, {k}]·[{k}, {n}], element ({i}, {j}): {c[i * n + j]}, not {expected}");
            }

        Assert.That(c[(m * n)..], Is.EqualTo(canaries), $"[{m}, {k}]·[{k}, {n}] wrote past its end");

        float[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => rng.NextFloat(-1, 1))];
    }
}

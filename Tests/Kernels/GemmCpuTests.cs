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

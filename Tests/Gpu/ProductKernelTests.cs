using ILGPU.Runtime.Cuda;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// The tile loop with every tile, order of storage and width, with and without split-K, against sums in double.
/// </summary>
[Category("Gpu"), Category("Slow")]
public sealed class ProductKernelTests
{
    private const int Guard = 64;

    /// <summary>A product of matrices, the tile that it shall use, and its number of split-K slices.</summary>
    public sealed record Case(
        int Rows, int Columns, bool LeftTransposed, bool RightTransposed, bool Vectorized, int SplitK);

    /// <summary>Each tile with one order of its own: they share no code.</summary>
    private static IEnumerable<Case> Cases =>
        from tile in (Case[])
        [
            new(64, 64, false, false, true, 1), new(64, 128, false, true, true, 1),
            new(128, 64, true, false, true, 1), new(128, 128, true, true, true, 1),
        ]
        from vectorized in (bool[])[false, true]
        from slices in (int[])[1, 3]
        select tile with { Vectorized = vectorized, SplitK = slices };

    /// <summary>The emulation takes threads of the system for threads, and so its time.</summary>
    public static IEnumerable<TestCaseData> CasesByDevice =>
        TestDevices.Each(Cases, (one, device) => device != "emulated" || (one.Vectorized && one.SplitK == 3));

    [TestCaseSource(nameof(CasesByDevice))]
    public void A_tile_equals_the_definition(string name, Case one)
    {
        var device = (GpuDevice)DeviceCatalog.Open(name);
        var (m, n, k) = one.Vectorized ? (132, 140, 44) : (131, 137, 43);
        var rng = new Rng(5);
        var (left, right) = (Tensor.Uniform([m, k], -1, 1, rng), Tensor.Uniform([k, n], -1, 1, rng));
        var bias = Tensor.Uniform([n], -1, 1, rng);
        var sums = Tensor.Full([one.SplitK * m * n + Guard], 7, device);

        if (one.Vectorized) Run<VectorAccess>();
        else Run<ScalarAccess>();

        var (a, b, start, c) = (left.ToArray(), right.ToArray(), bias.ToArray(), sums.ToArray());
        var sliceK = one.SplitK == 1 ? 48 : 16;
        for (var slice = 0; slice < one.SplitK; slice++)
            for (var i = 0; i < m; i++)
                for (var j = 0; j < n; j++)
                {
                    var expected = (double)start[j];
                    for (var p = slice * sliceK; p < Math.Min(k, (slice + 1) * sliceK); p++)
                        expected += (double)a[i * k + p] * b[p * n + j];
                    Assert.That(
                        c[(slice * m + i) * n + j], Is.EqualTo(Math.Max(expected, -1)).Within(
                            DirectConvolutionTests.Rounding(sliceK)),
                        $"slice {slice}, row {i}, column {j}");
                }

        Assert.That(c[^Guard..], Is.All.EqualTo(7), "written beyond the product");

        void Run<TAccess>() where TAccess : struct, IGlobalAccess
        {
            var stored = Stored(left, one.LeftTransposed, device);
            var storedRight = Stored(right, !one.RightTransposed, device);
            switch (one.LeftTransposed, one.RightTransposed)
            {
                case (false, false): Launch(KMajor(stored, m), KMajor(storedRight, n)); break;
                case (false, true): Launch(KMajor(stored, m), MNMajor(storedRight, n)); break;
                case (true, false): Launch(MNMajor(stored, m), KMajor(storedRight, n)); break;
                case (true, true): Launch(MNMajor(stored, m), MNMajor(storedRight, n)); break;
            }

            KMajorMatrix<TAccess> KMajor(Tensor x, int extent) => new(x.View, extent, k);
            MNMajorMatrix<TAccess> MNMajor(Tensor x, int extent) => new(x.View, extent, k);
            void Launch<TLeft, TRight>(TLeft operand, TRight other)
                where TLeft : struct, IGemmOperand<MatrixCursor>
                where TRight : struct, IGemmOperand<MatrixCursor> =>
                LaunchTiles<TAccess, TLeft, TRight>(operand, other);
        }

        void LaunchTiles<TAccess, TLeft, TRight>(TLeft operand, TRight other)
            where TAccess : struct, IGlobalAccess
            where TLeft : struct, IGemmOperand<MatrixCursor>
            where TRight : struct, IGemmOperand<MatrixCursor> =>
            GemmGpu.Launch<TLeft, MatrixCursor, TRight, MatrixCursor, BiasReluEpilogue<TAccess>>(
                device, new(one.Rows, one.Columns, one.SplitK, one.SplitK == 1 ? 48 : 16), operand, other,
                new(sums.View.SubView(0, one.SplitK * m * n), m, n, bias.To(device).View, min: -1), (m, n, k));
    }

    /// <summary>
    /// On tensor cores each product is off by two roundings to eleven digits; elsewhere tf32 is refused.
    /// </summary>
    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void Tf32_products_are_exact_to_ten_bits(string name)
    {
        var device = (GpuDevice)DeviceCatalog.Open(name);
        if (device.Accelerator is not CudaAccelerator { Architecture.Major: >= 8 })
        {
            Assert.That(
                () => device.Precision = Precision.Tf32, Throws.TypeOf<InputException>().With.Message.Contains("tf32"));
            return;
        }

        device.Precision = Precision.Tf32;
        try
        {
            foreach (var (m, n, k) in ((int, int, int)[])[(256, 384, 520), (132, 68, 36), (20, 300, 2000)])
            {
                var rng = new Rng(8);
                var (a, b) = (Tensor.Uniform([m, k], -1, 1, rng), Tensor.Uniform([n, k], -1, 1, rng));
                var (c, x, y) = (
                    a.To(device).MatMul(b.To(device), transposeB: true).ToArray(), a.ToArray(), b.ToArray());
                for (var i = 0; i < m; i++)
                    for (var j = 0; j < n; j++)
                    {
                        double sum = 0, size = 0;
                        for (var p = 0; p < k; p++)
                        {
                            sum += (double)x[i * k + p] * y[j * k + p];
                            size += Math.Abs((double)x[i * k + p] * y[j * k + p]);
                        }

                        var tolerance = size * Math.Pow(2, -10) + DirectConvolutionTests.Rounding(k);
                        Assert.That(
                            c[i * n + j], Is.EqualTo(sum).Within(tolerance), $"{m}×{n}×{k}, row {i}, column {j}");
                    }
            }
        }
        finally
        {
            device.Precision = Precision.Float32;
        }
    }

    /// <summary>The matrix, or its transpose, as it lies in memory.</summary>
    private static Tensor Stored(Tensor x, bool transposed, Device device)
    {
        if (!transposed) return x.To(device);
        var (rows, columns) = x.Shape;
        var values = x.ToArray();
        var transpose = Enumerable.Range(0, x.Shape.Size).Select(i => values[i % rows * columns + i / rows]);
        return Tensor.From([columns, rows], [.. transpose], device);
    }
}

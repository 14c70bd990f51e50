using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The PTX of every kind of product that training needs, in float32 and on tensor cores.</summary>
[Category("Gpu")]
public sealed class PtxProductTests
{
    private const int CanaryLength = 64;

    private static readonly (int M, int N)[] Tiles = [(128, 128), (128, 64), (64, 128), (64, 64)];

    /// <summary>Convolutions in all tiles, the others in one; with and without split-K.</summary>
    private static IEnumerable<TestCaseData> Cases =>
        from product in PtxGemm.Kinds
        from precision in Enum.GetValues<Precision>()
        from vectorized in (bool[])[true, false]
        where vectorized || precision == Precision.Tf32
        from tile in product == "convolution" && vectorized ? Tiles : Tiles[..1]
        from slices in tile == Tiles[0] ? (int[])[1, 3] : [1]
        select new TestCaseData(product, precision, vectorized, tile.M, tile.N, slices);

    [SetUp, TearDown]
    public void Reset() => PtxDevice.Instance.Precision = Precision.Float32;

    /// <summary>
    /// The operands are small integers, which tf32 represents; no sum is rounded, so all results are exact.
    /// </summary>
    [TestCaseSource(nameof(Cases))]
    public void A_product_is_exact(string kind, Precision precision, bool vectorized, int tileM, int tileN, int slices)
    {
        var device = PtxDevice.Instance;
        device.Precision = precision;
        var product = vectorized ? PtxGemm.Of<VectorAccess>(kind) : PtxGemm.Of<ScalarAccess>(kind);
        var (m, n, k) = (product.M, product.N, product.K);
        var sliceK = (k + 16 * slices - 1) / (16 * slices) * 16;
        var sums = Tensor.Full([slices * m * n + CanaryLength], 7, device);
        float[] bias = [.. Enumerable.Range(0, n).Select(i => i % 5 - 2f)];
        product.Launch(device, new(tileM, tileN, slices, sliceK), sums, Tensor.From([n], bias, device));

        var actual = sums.ToArray();
        for (var slice = 0; slice < slices; slice++)
            for (var i = 0; i < m; i++)
                for (var j = 0; j < n; j++)
                {
                    var sum = actual[(slice * m + i) * n + j];
                    var end = Math.Min(k, (slice + 1) * sliceK);
                    var expected = bias[j] + product.ReferenceSum(i, j, slice * sliceK, end);
                    if (sum != expected) Assert.Fail($"slice {slice}, row {i}, column {j}: {sum}, not {expected}");
                }

        Assert.That(actual[^CanaryLength..], Is.All.EqualTo(7), "written beyond the product");
    }

    /// <summary>
    /// tf32 has ten bits of fraction, and ties go away from zero: x times the identity is x, rounded.
    /// </summary>
    [Test]
    public void Operands_are_rounded_to_the_nearest([Values] bool transposeA, [Values] bool transposeB)
    {
        var device = PtxDevice.Instance;
        device.Precision = Precision.Tf32;
        var rng = new Rng(6);
        float[] values = [.. Enumerable.Range(0, 32 * 32).Select(i => MathF.ScaleB(rng.NextFloat(-1, 1), i % 64 - 32))];
        values[0] = 1 + MathF.ScaleB(1, -11);
        values[1] = 1 + MathF.ScaleB(3, -11);
        values[2] = 1 + MathF.ScaleB(1, -11) - MathF.ScaleB(1, -23);
        float[] rounded = [.. values.Select(RoundToTf32)], diagonal = new float[32 * 32];
        for (var i = 0; i < 32; i++) diagonal[33 * i] = 1;
        var (x, identity) = (Tensor.From([32, 32], values, device), Tensor.From([32, 32], diagonal, device));

        Assert.That(
            x.MatMul(identity, transposeA, transposeB).ToArray(),
            Is.EqualTo(transposeA ? Transposed(rounded) : rounded));
        Assert.That(
            identity.MatMul(x, transposeA, transposeB).ToArray(),
            Is.EqualTo(transposeB ? Transposed(rounded) : rounded));
    }

    /// <summary>
    /// Among them the NaN 0x7FFFFFFF, which GPUs yield, and which an addition would carry into the sign.
    /// </summary>
    [Test]
    public void Operands_that_are_not_finite_stay_so([Values] bool transposeA, [Values] bool transposeB)
    {
        var device = PtxDevice.Instance;
        device.Precision = Precision.Tf32;
        var gpuNan = BitConverter.Int32BitsToSingle(int.MaxValue);
        foreach (var value in (float[])[float.NaN, gpuNan, float.PositiveInfinity, float.NegativeInfinity])
        {
            var (x, ones) = (Tensor.Full([32, 32], value, device), Tensor.Full([32, 32], 1, device));
            Assert.That(x.MatMul(ones, transposeA, transposeB).ToArray(), Is.All.EqualTo(value));
            Assert.That(ones.MatMul(x, transposeA, transposeB).ToArray(), Is.All.EqualTo(value));
        }
    }

    private static float RoundToTf32(float x) =>
        BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(x) + 0x1000 & ~0x1FFF);

    private static float[] Transposed(float[] x) =>
        [.. Enumerable.Range(0, x.Length).Select(i => x[i % 32 * 32 + i / 32])];
}

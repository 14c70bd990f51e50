using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Every kind of product that training needs, as CUDA runs it, on multipliers and on tensor cores.</summary>
[Category("Gpu")]
public sealed class PtxProductTests
{
    private const int Guard = 64;

    private static readonly (int Rows, int Columns)[] Shapes = [(128, 128), (128, 64), (64, 128), (64, 64)];

    /// <summary>Convolutions in all shapes of tiles, the others in one; the whole depth, and in pieces.</summary>
    private static IEnumerable<TestCaseData> Cases =>
        from product in PtxGemm.Kinds
        from precision in Enum.GetValues<Precision>()
        from inFours in (bool[])[true, false]
        where inFours || precision == Precision.Tf32
        from shape in product == "convolution" && inFours ? Shapes : Shapes[..1]
        from pieces in shape == Shapes[0] ? (int[])[1, 3] : [1]
        select new TestCaseData(product, precision, inFours, shape.Rows, shape.Columns, pieces);

    [SetUp, TearDown]
    public void Reset() => PtxDevice.Instance.Precision = Precision.Float32;

    /// <summary>The factors are small integers: tf32 holds them, no sum is rounded, and so every number is the exact one.</summary>
    [TestCaseSource(nameof(Cases))]
    public void A_product_is_exact(string kind, Precision precision, bool inFours, int rows, int columns, int pieces)
    {
        var device = PtxDevice.Instance;
        device.Precision = precision;
        var product = inFours ? PtxGemm.Of<Vector4Access>(kind) : PtxGemm.Of<ScalarAccess>(kind);
        var pieceDepth = (product.Depth + 16 * pieces - 1) / (16 * pieces) * 16;
        var sums = Tensor.Full([pieces * product.Rows * product.Columns + Guard], 7, device);
        float[] bias = [.. Enumerable.Range(0, product.Columns).Select(i => i % 5 - 2f)];
        product.Launch(device, new(rows, columns, pieces, pieceDepth), sums, Tensor.From([product.Columns], bias, device));

        var computed = sums.ToArray();
        for (var piece = 0; piece < pieces; piece++)
            for (var i = 0; i < product.Rows; i++)
                for (var j = 0; j < product.Columns; j++)
                {
                    var (sum, right) = (computed[(piece * product.Rows + i) * product.Columns + j],
                        bias[j] + product.ReferenceSum(i, j, piece * pieceDepth, Math.Min(product.Depth, (piece + 1) * pieceDepth)));
                    if (sum != right) Assert.Fail($"piece {piece}, row {i}, column {j}: {sum}, not {right}");
                }

        Assert.That(computed[^Guard..], Is.All.EqualTo(7), "written beyond the product");
    }

    /// <summary>tf32 keeps ten bits of fraction, and ties go away from zero: x times ones of the diagonal is x, rounded.</summary>
    [Test]
    public void Factors_are_rounded_to_the_nearest([Values] bool transposeA, [Values] bool transposeB)
    {
        var device = PtxDevice.Instance;
        device.Precision = Precision.Tf32;
        var rng = new Rng(6);
        float[] x = [.. Enumerable.Range(0, 32 * 32).Select(i => MathF.ScaleB(rng.NextFloat(-1, 1), i % 64 - 32))];
        (x[0], x[1], x[2]) = (1 + MathF.ScaleB(1, -11), 1 + MathF.ScaleB(3, -11), 1 + MathF.ScaleB(1, -11) - MathF.ScaleB(1, -23));
        float[] rounded = [.. x.Select(v => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(v) + 0x1000 & ~0x1FFF))];
        var (factor, ones) = (Tensor.From([32, 32], x, device), new float[32 * 32]);
        for (var i = 0; i < 32; i++) ones[33 * i] = 1;
        var one = Tensor.From([32, 32], ones, device);

        Assert.That(factor.MatMul(one, transposeA, transposeB).ToArray(), Is.EqualTo(transposeA ? Transposed(rounded) : rounded));
        Assert.That(one.MatMul(factor, transposeA, transposeB).ToArray(), Is.EqualTo(transposeB ? Transposed(rounded) : rounded));
    }

    /// <summary>Also the NaN of all ones, the one that GPUs make, which adding would carry into the sign.</summary>
    [Test]
    public void What_is_not_finite_stays_so([Values] bool transposeA, [Values] bool transposeB)
    {
        var device = PtxDevice.Instance;
        device.Precision = Precision.Tf32;
        var full = BitConverter.Int32BitsToSingle(int.MaxValue);
        foreach (var x in (float[])[float.NaN, full, float.PositiveInfinity, float.NegativeInfinity])
        {
            var (factor, ones) = (Tensor.Full([32, 32], x, device), Tensor.Full([32, 32], 1, device));
            Assert.That(factor.MatMul(ones, transposeA, transposeB).ToArray(), Is.All.EqualTo(x));
            Assert.That(ones.MatMul(factor, transposeA, transposeB).ToArray(), Is.All.EqualTo(x));
        }
    }

    private static float[] Transposed(float[] x) => [.. Enumerable.Range(0, x.Length).Select(i => x[i % 32 * 32 + i / 32])];
}

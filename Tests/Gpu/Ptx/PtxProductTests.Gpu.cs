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
        from product in PtxProduct.Kinds
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
        var product = inFours ? PtxProduct.Of<Fours>(kind) : PtxProduct.Of<Singles>(kind);
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
                        bias[j] + product.Sum(i, j, piece * pieceDepth, Math.Min(product.Depth, (piece + 1) * pieceDepth)));
                    if (sum != right) Assert.Fail($"piece {piece}, row {i}, column {j}: {sum}, not {right}");
                }

        Assert.That(computed[^Guard..], Is.All.EqualTo(7), "written beyond the product");
    }

    /// <summary>1 and ¾ of what the last of tf32's bits is worth is rounded up; tensor cores alone would cut that off.</summary>
    [Test]
    public void Factors_are_rounded_to_the_nearest([Values] bool transposeA, [Values] bool transposeB)
    {
        PtxDevice.Instance.Precision = Precision.Tf32;
        var bit = MathF.ScaleB(1, -10);
        var x = Tensor.Full([32, 32], 1 + 0.75f * bit, PtxDevice.Instance);
        Assert.That(x.MatMul(x, transposeA, transposeB).ToArray(), Is.All.EqualTo(32 * (1 + bit) * (1 + bit)));
    }
}

using System.Text.RegularExpressions;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>What CUDA gets to see of the tile loop, for every kind of product that training needs.</summary>
[Category("Gpu")]
public sealed partial class ProductPtxTests
{
    private static readonly Type[] Shapes = [typeof(Tile128x128), typeof(Tile128x64), typeof(Tile64x128), typeof(Tile64x64)];

    private static readonly (string Name, Type[] Operands)[] Products =
    [
        ("a·b", [typeof(MatrixRows<Fours>), typeof(MatrixPlace), typeof(MatrixColumns<Fours>), typeof(MatrixPlace)]),
        ("a·bᵀ", [typeof(MatrixRows<Fours>), typeof(MatrixPlace), typeof(MatrixRows<Fours>), typeof(MatrixPlace)]),
        ("linear by weight",
        [
            typeof(MatrixColumns<Fours>), typeof(MatrixPlace),
            typeof(WithOnes<MatrixColumns<Fours>, MatrixPlace>), typeof(OnesPlace<MatrixPlace>),
        ]),
        ("convolution", [typeof(WindowRows<Fours>), typeof(WindowRowPlace), typeof(MatrixRows<Fours>), typeof(MatrixPlace)]),
        ("convolution by input", [typeof(WindowRows<Fours>), typeof(WindowRowPlace), typeof(FlippedWeights<Fours>), typeof(WeightPlace)]),
        ("convolution by weight",
        [
            typeof(MatrixColumns<Fours>), typeof(MatrixPlace),
            typeof(WithOnes<WindowColumns<Fours>, WindowColumnPlace>), typeof(OnesPlace<WindowColumnPlace>),
        ]),
    ];

    private static IEnumerable<TestCaseData> Kernels =>
        from product in Products
        from arithmetic in (Type[])[typeof(Multipliers), typeof(TensorCores)]
        from shape in product.Name == "convolution" ? Shapes : Shapes[..1]
        select new TestCaseData(typeof(ProductKernel<,,,,,,>).MakeGenericType([arithmetic, shape, .. product.Operands, typeof(RowTarget<Fours>)]))
            .SetArgDisplayNames(product.Name, arithmetic.Name, shape.Name);

    /// <summary>
    /// The first buffer is filled before the first barrier; from there on loads from shared memory stand before the stores into the
    /// other buffer, and those before the second barrier.
    /// </summary>
    [TestCaseSource(nameof(Kernels))]
    public void Loads_from_shared_memory_stay_between_their_barriers(Type kernel)
    {
        var order = string.Concat(SharedAccess().Matches(Ptx.Of(kernel)).Select(match => match.Value switch
        {
            "st.shared" => 'S',
            "ld.shared" => 'L',
            _ => 'B',
        }));
        Assert.That(order, Does.Match("^S+BL+S+B$"));
    }

    [TestCaseSource(nameof(Kernels))]
    public void Sums_stay_in_registers_and_floats_move_in_fours(Type kernel)
    {
        var ptx = Ptx.Of(kernel);
        var onTensorCores = kernel.GenericTypeArguments[0] == typeof(TensorCores);
        Assert.That(ptx, onTensorCores ? Does.Contain("mma.sync") : Does.Not.Contain(".local"));
        Assert.That(ptx, Does.Contain("ld.shared.v4.f32").And.Contain("ld.v4.f32").And.Not.Contain("ld.shared.f32"));
        Assert.That(ptx, Does.Contain(".maxntid").And.Contain(".minnctapersm"));

        if (Ptx.Assemble(ptx) is not var (registers, spilled))
        {
            Assert.Ignore("there is no ptxas to count registers: neither $PTXAS nor on the path");
            return;
        }

        Assert.That(registers, Is.LessThanOrEqualTo(128), "registers");
        Assert.That(spilled, onTensorCores ? Is.LessThanOrEqualTo(64) : Is.Zero, "bytes spilled");
    }

    [GeneratedRegex(@"st\.shared|ld\.shared|bar\.sync")]
    private static partial Regex SharedAccess();
}

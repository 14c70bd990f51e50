using System.Text.RegularExpressions;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The PTX of the tile loop, for every kind of product in training.</summary>
[Category("Gpu")]
public sealed partial class ProductPtxTests
{
    private static readonly Type[] Shapes =
        [typeof(Tile128x128), typeof(Tile128x64), typeof(Tile64x128), typeof(Tile64x64)];

    private static readonly Type[] KMajor = [typeof(KMajorMatrix<VectorAccess>), typeof(MatrixCursor)];
    private static readonly Type[] MNMajor = [typeof(MNMajorMatrix<VectorAccess>), typeof(MatrixCursor)];
    private static readonly Type[] Im2Col = [typeof(Im2ColOperand<VectorAccess>), typeof(Im2ColCursor)];

    private static readonly Type[] FlippedWeight =
        [typeof(FlippedWeightOperand<VectorAccess>), typeof(FlippedWeightCursor)];

    private static readonly Type[] MNMajorWithOnes =
    [
        typeof(OperandWithOnes<MNMajorMatrix<VectorAccess>, MatrixCursor>), typeof(OnesCursor<MatrixCursor>),
    ];

    private static readonly Type[] TransposedIm2ColWithOnes =
    [
        typeof(OperandWithOnes<TransposedIm2ColOperand<VectorAccess>, TransposedIm2ColCursor>),
        typeof(OnesCursor<TransposedIm2ColCursor>),
    ];

    private static readonly (string Name, Type[] Operands)[] Products =
    [
        ("a·b", [.. KMajor, .. MNMajor]),
        ("a·bᵀ", [.. KMajor, .. KMajor]),
        ("linear, weight gradient", [.. MNMajor, .. MNMajorWithOnes]),
        ("convolution", [.. Im2Col, .. KMajor]),
        ("convolution, input gradient", [.. Im2Col, .. FlippedWeight]),
        ("convolution, weight gradient", [.. MNMajor, .. TransposedIm2ColWithOnes]),
    ];

    private static IEnumerable<TestCaseData> Kernels =>
        from product in Products
        from kernel in (Type[])[typeof(GemmKernel<,,,,,>), typeof(TensorCoreGemmKernel<,,,,,>)]
        from shape in product.Name == "convolution" ? Shapes : Shapes[..1]
        let arguments = (Type[])[shape, .. product.Operands, typeof(BiasReluEpilogue<VectorAccess>)]
        select new TestCaseData(kernel.MakeGenericType(arguments))
            .SetArgDisplayNames(product.Name, kernel.Name[..^2], shape.Name);

    /// <summary>
    /// The first buffer is filled before the first barrier; from there on loads from shared memory come before the
    /// stores into the other buffer, and those before the second barrier. Asynchronous copies write where no thread
    /// reads after the barrier; the first ones are a loop, which may be at the end.
    /// </summary>
    [TestCaseSource(nameof(Kernels))]
    public void Loads_from_shared_memory_stay_between_their_barriers(Type kernel)
    {
        var order = string.Concat(SharedAccess().Matches(Ptx.Of(kernel)).Select(match => match.Value switch
        {
            "ld.shared" or "ldmatrix" => 'L',
            "bar.sync" => 'B',
            "cp.async.wait_group" => 'W',
            _ => 'S',
        }));
        Assert.That(order, Does.Match(IsOnTensorCores(kernel) ? "^S*WBS+L+S*$" : "^S+BL+S+B$"));
    }

    [TestCaseSource(nameof(Kernels))]
    public void Sums_stay_in_registers_and_accesses_are_vectors_of_four(Type kernel)
    {
        var ptx = Ptx.Of(kernel);
        if (IsOnTensorCores(kernel))
            Assert.That(
                ptx, Does.Contain("mma.sync").And.Contain("cp.async.cg.shared.global").And.Not.Contain("cp.async.ca"));
        else
            Assert.That(
                ptx,
                Does.Contain("ld.shared.v4.f32").And.Contain("ld.v4.f32")
                    .And.Not.Contain("ld.shared.f32").And.Not.Contain(".local"));
        Assert.That(ptx, Does.Contain(".maxntid").And.Contain(".minnctapersm"));

        if (Ptx.Assemble(ptx) is not var (registers, spilled))
        {
            Assert.Ignore("there is no ptxas to count registers: neither $PTXAS nor on the path");
            return;
        }

        var limits = Ptx.EntryOf(kernel).Limits;
        var threads = limits.MaxNumThreadsPerGroup!.Value * limits.MinNumGroupsPerMultiprocessor!.Value;
        Assert.That(
            registers,
            Is.LessThanOrEqualTo(65_536 / threads),
            $"registers, where {threads} threads share a multiprocessor's");
        Assert.That(spilled, Is.Zero, "bytes spilled");
    }

    private static bool IsOnTensorCores(Type kernel) =>
        kernel.GetGenericTypeDefinition() == typeof(TensorCoreGemmKernel<,,,,,>);

    [GeneratedRegex(@"st\.shared|ld\.shared|ldmatrix|cp\.async\.c[ag]|cp\.async\.wait_group|bar\.sync")]
    private static partial Regex SharedAccess();
}

using NUnit.Framework;
using PyNetSharp.Benchmarks;

namespace PyNetSharp.Tests;

/// <summary>What the peaks of a GPU are measured with is what they say: multiply-adds, in registers alone.</summary>
[Category("Gpu")]
public sealed class PeakPtxTests
{
    [Test]
    public void A_round_on_tensor_cores_is_eight_products()
    {
        var ptx = Ptx.Of(typeof(TensorCoreKernel));
        Assert.That(ptx.Split("mma.sync").Length - 1, Is.EqualTo(8));
        AssertInRegisters(ptx);
    }

    [Test]
    public void A_round_of_multiply_adds_is_thirty_two_per_thread()
    {
        var ptx = Ptx.Of(typeof(MultiplyAddKernel));
        Assert.That(ptx.Split("mul.f32").Length - 1, Is.EqualTo(MultiplyAddKernel.OperationsPerRound / 2), "which the assembler fuses");
        AssertInRegisters(ptx);
    }

    private static void AssertInRegisters(string ptx)
    {
        if (Ptx.Assemble(ptx) is var (_, spilled)) Assert.That(spilled, Is.Zero, "bytes spilled");
    }
}

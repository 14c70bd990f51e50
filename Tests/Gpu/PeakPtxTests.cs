using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>What the peaks of a GPU are measured with is what they say: multiply-adds, in registers alone.</summary>
[Category("Gpu")]
public sealed class PeakPtxTests
{
    [Test]
    public void A_round_on_tensor_cores_is_eight_products()
    {
        var ptx = Ptx.Of(typeof(MmaPeakKernel));
        Assert.That(ptx.Split("mma.sync").Length - 1, Is.EqualTo(8));
        AssertInRegisters(ptx);
    }

    [Test]
    public void A_round_of_multiply_adds_is_thirty_two_per_thread()
    {
        var ptx = Ptx.Of(typeof(FmaPeakKernel));
        foreach (var half in (string[])["mul.f32", "add.f32"])      // the assembler fuses them
            Assert.That(ptx.Split(half).Length, Is.GreaterThan(FmaPeakKernel.OperationsPerRound / 2), half);
        AssertInRegisters(ptx);
    }

    /// <summary>
    /// Thread 4·g + t of a warp supplies row g at depths t and t + 4, and these depths of column g: its number
    /// everywhere.
    /// </summary>
    [Test]
    public void Tensor_cores_multiply_what_the_kernel_says()
    {
        const int rounds = 3;
        var sums = new Tensor([MmaPeakKernel.Threads], PtxDevice.Instance);
        PtxDevice.Instance.LaunchGroups(new(1, 1, 1), new MmaPeakKernel(rounds, sums.View));
        foreach (var (thread, sum) in sums.ToArray().Index())
        {
            int warp = thread / 32 * 32, row = warp + thread % 32 / 4 * 4, column = warp + thread % 4 * 2 * 4;
            var product = 2 * Enumerable.Range(0, 4).Sum(depth => (row + depth) * (column + depth));
            Assert.That(sum, Is.EqualTo(8 * rounds * product), $"thread {thread}");
        }
    }

    private static void AssertInRegisters(string ptx)
    {
        if (Ptx.Assemble(ptx) is var (_, spilled)) Assert.That(spilled, Is.Zero, "bytes spilled");
    }
}

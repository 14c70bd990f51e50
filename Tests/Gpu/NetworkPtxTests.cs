using System.Globalization;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// Every kernel that training any network of the catalog launches, on small and large GPUs and in both precisions, as
/// CUDA's assembler gets it: its numbers stay in registers.
/// </summary>
[Category("Gpu"), Category("Slow")]
public sealed partial class NetworkPtxTests
{
    private const int Registers = 65_536;       // of a multiprocessor, from compute capability 5.0 on

    /// <summary>
    /// What an assembler can do without: numbers that it takes from the kernel's arguments or computes anew. Of 128
    /// registers products with 144 live numbers need none beside them, and with 150 some.
    /// </summary>
    private const int Spare = 16;

    private static readonly Lazy<(Type Kernel, string Text)[]> Kernels =
        new(() => [.. Ptx.InOneContext(LaunchedKernels.ForNetworks())]);

    [Test]
    public void Networks_launch_every_shape_of_tile_in_both_precisions()
    {
        foreach (var product in (Type[])[typeof(GemmKernel<,,,,,>), typeof(TensorCoreGemmKernel<,,,,,>)])
            Assert.That(
                Kernels.Value.Select(kernel => kernel.Kernel)
                    .Where(kernel => kernel.IsGenericType && kernel.GetGenericTypeDefinition() == product)
                    .Select(kernel => kernel.GenericTypeArguments[0]).Distinct(),
                Is.EquivalentTo(
                    new[] { typeof(Tile64x64), typeof(Tile64x128), typeof(Tile128x64), typeof(Tile128x128) }),
                product.Name);
    }

    [Test]
    public void No_kernel_has_more_live_numbers_than_registers()
    {
        string[] faults =
        [
            .. Kernels.Value.AsParallel()
                .SelectMany(kernel => Faults(kernel.Text).Select(fault => $"{kernel.Kernel}: {fault}")),
        ];
        Assert.That(faults, Is.Empty, string.Join("\n", faults));
    }

    /// <summary>So that the test above means something.</summary>
    [Test]
    public void Too_many_live_numbers_are_found()
    {
        var most = Enumerable.Range(0, 200).ToArray();
        var ptx = string.Join("\n",
        [
            ".maxntid 64, 1, 1", ".minnctapersm 8", .. most.Select(i => $"\tld.global.f32\t%f{i}, [%rd1+{4 * i}];"),
            "Loop:",
            .. most.Select(i => $"\tst.global.f32\t[%rd1+{4 * i}], %f{i};"), "\t@%p1 bra\tLoop;", "\tret;",
        ]);
        Assert.That(PtxLiveness.MaxLiveRegisters(ptx), Is.EqualTo(202), "and an address of two words");
        Assert.That(Faults(ptx), Has.One.Contains("202 live numbers"));
    }

    [Test]
    public void No_kernel_spills()
    {
        if (Ptx.Assemble(Kernels.Value[0].Text) is null)
        {
            Assert.Ignore("there is no ptxas to count registers: neither $PTXAS nor on the path");
            return;
        }

        string[] faults =
        [
            .. Kernels.Value.AsParallel().Select(kernel => (kernel.Kernel, Use: Ptx.Assemble(kernel.Text)!.Value))
                .Where(kernel => kernel.Use.Spilled > 0)
                .Select(kernel => $"{kernel.Kernel}: {kernel.Use.Spilled} bytes spilled"),
        ];
        Assert.That(faults, Is.Empty, string.Join("\n", faults));
    }

    private static IEnumerable<string> Faults(string ptx)
    {
        var hasLocal = ptx.Contains(".local", StringComparison.Ordinal)
            && !ptx.Contains("mma.sync", StringComparison.Ordinal);
        if (hasLocal) yield return "uses local memory";     // but arguments of inline assembly, which end in registers
        var threads = Number(Threads(), ptx) ?? 256;
        var groups = Number(Groups(), ptx) ?? 1;
        var (live, room) = (PtxLiveness.MaxLiveRegisters(ptx), Math.Min(255, Registers / (threads * groups)));
        if (live > room + Spare)
            yield return $"{live} live numbers, but {room} registers in each of {groups} groups of {threads}";
        var shared = Shared().Matches(ptx)
            .Sum(match => int.Parse(match.Groups["bytes"].Value, CultureInfo.InvariantCulture));
        if (shared > 48 * 1024) yield return $"{shared} bytes of shared memory";
    }

    private static int? Number(Regex pattern, string ptx) =>
        pattern.Match(ptx) is { Success: true } match
            ? int.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture)
            : null;

    [GeneratedRegex(@"\.maxntid (?<number>\d+)")]
    private static partial Regex Threads();

    [GeneratedRegex(@"\.minnctapersm (?<number>\d+)")]
    private static partial Regex Groups();

    [GeneratedRegex(@"\.shared .*\[(?<bytes>\d+)\];")]
    private static partial Regex Shared();
}

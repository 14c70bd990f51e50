using System.Text.RegularExpressions;
using ILGPU;
using NUnit.Framework;
using Group = ILGPU.Group;

namespace PyNetSharp.Tests;

/// <summary>Every kernel as it goes to an NVIDIA driver: compiled to PTX, which needs no GPU, and read.</summary>
[Category("Gpu")]
public sealed partial class PtxTests
{
    [Test]
    public void Every_kernel_compiles_stays_in_registers_and_reads_behind_barriers()
    {
        var launched = LaunchedKernels.All();
        string[] faults = [.. launched.SelectMany(kernel => Faults(kernel).Select(fault => $"{kernel}: {fault}"))];
        Assert.That(faults, Is.Empty, string.Join("\n", faults));
        Assert.That(
            Definitions().Except(launched.SelectMany(WithParts)),
            Is.Empty,
            "kernels that no op and no optimizer launches");
    }

    [Test]
    public void A_missing_barrier_is_found() =>
        Assert.That(Faults(typeof(MissingBarrierKernel)), Has.One.Contains("before the barrier"));

    [Test]
    public void An_array_of_a_thread_is_found() =>
        Assert.That(Faults(typeof(DynamicIndexKernel)), Has.One.Contains("local memory"));

    private static IEnumerable<string> Faults(Type kernel)
    {
        string ptx;
        try
        {
            ptx = Ptx.Of(kernel);
        }
        catch (InternalCompilerException e)
        {
            return [$"does not compile: {e.InnerException?.Message ?? e.Message}"];
        }

        return Faults(ptx);
    }

    private static IEnumerable<string> Faults(string ptx)
    {
        if (ptx.Contains(".local", StringComparison.Ordinal))
            yield return "uses local memory, for an array: registers have no index";
        if (ptx.Contains("call", StringComparison.Ordinal)) yield return "calls a function that is not inlined";
        if (ptx.Contains("cvta.shared", StringComparison.Ordinal))
            yield return "hides that an address is one of shared memory";
        if (ReadsBeforeTheBarrier(ptx)) yield return "reads shared memory, once written, before the barrier";
    }

    /// <summary>
    /// Whether some way through the program leads from a store to shared memory to a load from it and past no barrier.
    /// What one thread has written another may read only behind one, and the compiler may move neither.
    /// </summary>
    private static bool ReadsBeforeTheBarrier(string ptx)
    {
        string[] lines = [.. ptx.Split('\n').Select(line => line.Trim())];
        var labels = lines.Index()
            .Where(line => line.Item.EndsWith(':'))
            .ToDictionary(line => line.Item[..^1], line => line.Index);
        var (pending, seen) = (new Stack<(int Line, bool Stored)>(), new HashSet<(int, bool)>());
        pending.Push((0, false));
        while (pending.TryPop(out var start))
        {
            for (var (i, stored) = start; i < lines.Length && seen.Add((i, stored)); i++)
            {
                if (lines[i].Contains("bar.sync", StringComparison.Ordinal)) stored = false;
                if (lines[i].Contains("st.shared", StringComparison.Ordinal)) stored = true;
                if (stored && lines[i].Contains("ld.shared", StringComparison.Ordinal)) return true;
                if (Branch().Match(lines[i]) is { Success: true } branch)
                    pending.Push((labels[branch.Groups["to"].Value], stored));
                if (End().IsMatch(lines[i])) break;
            }
        }

        return false;
    }

    private static IEnumerable<Type> Definitions() =>
        new[] { typeof(GpuDevice).Assembly, typeof(ReluExtensions).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.IsValueType
                && (type.IsAssignableTo(typeof(IItemKernel)) || type.IsAssignableTo(typeof(IGroupKernel))))
            // Launched only where arguments have little room, and part of another
            .Except([typeof(MultiTensorKernel4<>)])
            .Except([typeof(TensorCoreGemmKernel<,,,,,>)]);      // only with tf32: PtxProductTests

    /// <summary>The definition of a kernel, and of those that it runs.</summary>
    private static IEnumerable<Type> WithParts(Type kernel) =>
        kernel.GenericTypeArguments.SelectMany(WithParts)
            .Prepend(kernel.IsGenericType ? kernel.GetGenericTypeDefinition() : kernel);

    [GeneratedRegex(@"\bbra(\.uni)?\s+(?<to>\w+);")]
    private static partial Regex Branch();

    /// <summary>What the next line is not reached from: a jump or a return under no condition.</summary>
    [GeneratedRegex(@"^(bra|ret)\b")]
    private static partial Regex End();
}

/// <summary>A kernel with a fault: a thread may read before another has written.</summary>
public readonly struct MissingBarrierKernel(ArrayView<float> x) : IGroupKernel
{
    public static int Threads => 64;

    public void Run()
    {
        var lanes = SharedMemory.Allocate<float>(64);
        lanes[Group.IdxX] = x[Group.IdxX];
        x[Group.IdxX] = lanes[63 - Group.IdxX];
        Group.Barrier();
    }
}

/// <summary>A kernel with a fault: an array that is indexed by a variable is in local memory.</summary>
public readonly struct DynamicIndexKernel(ArrayView<float> x) : IItemKernel
{
    public void Run(int i)
    {
        var sums = new float[4];
        for (var k = 0; k < 16; k++) sums[k % 4] += x[i * 16 + k];
        x[i] = sums[i % 4];
    }
}

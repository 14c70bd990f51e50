using System.Reflection;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A process that computes on the CPU alone does not load ILGPU.</summary>
[Category("Processes")]
public sealed class IlgpuLoadingTests
{
    private const string Many = "100000";       // epochs: every run is stopped before

    private static readonly Assembly[] Libraries = [typeof(Tensor).Assembly, typeof(LinearExtensions).Assembly];

    private readonly TemporaryFolder folder = new();

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [TestCase("nin --data shapes --limit 64 --width 0.05 --batch-size 8", false)]
    [TestCase("fcnet --data xor --width 0.1", false)]
    [TestCase("two-layer --data xor --device emulated", true)]
    [NonParallelizable]
    [Platform("Linux", Reason = "what a process has loaded is read from /proc")]
    public void Only_training_on_a_GPU_loads_it(string call, bool expected)
    {
        var atEpoch = expected ? 1 : 40;        // by then, what is called often has been compiled again, with inlining
        using var process = PynetProcess.Start(
            folder.Name, ["train", .. call.Split(' '), "--epochs", Many, "--out", $"{call.Length}"]);
        process.WaitForOutput($"/{Many} ", atEpoch);
        var loaded = process.LoadedFiles();
        Assert.That(loaded, Has.Some.EndsWith("/PyNetSharp.Kernels.dll"));
        Assert.That(
            loaded.Any(file => Path.GetFileName(file).StartsWith("ILGPU", StringComparison.Ordinal)),
            Is.EqualTo(expected));
    }

    /// <summary>
    /// The JIT loads the types that a method mentions when it compiles the method, or inlines it into another: so where
    /// code that runs on the CPU calls code that mentions ILGPU's, that must not be inlined.
    /// </summary>
    [Test]
    public void What_mentions_it_is_never_inlined_into_what_the_CPU_runs()
    {
        MethodBase[] methods = [.. MethodCode.AllMethods(typeof(LinearExtensions).Assembly)];
        var callers = methods
            .SelectMany(caller => MethodCode.Calls(caller).Select(called => (Caller: caller, Called: called)))
            .Where(call => call.Called.Module == call.Caller.Module)
            .ToLookup(call => call.Called.MetadataToken, call => call.Caller);
        MethodBase[] mentioning = [.. methods.Where(Mentions)];
        var structs = mentioning.Select(method => method.DeclaringType!).Where(type => type.IsValueType).ToHashSet();
        var onGpu = methods
            .Where(method => IsKept(method) || structs.Contains(method.DeclaringType!)
                || IsOperand(method.DeclaringType!))
            .Concat(mentioning).Select(method => method.MetadataToken).ToHashSet();
        while (methods.Any(IsCalledOnGpuAlone)) { }

        var faults = from method in methods
                     where !onGpu.Contains(method.MetadataToken)
                     from called in MethodCode.Calls(method)
                     where Libraries.Contains(called.DeclaringType?.Assembly) && Mentions(called) && !IsKept(called)
                     select $"{called.DeclaringType!.Name}.{called.Name}, called by "
                         + $"{method.DeclaringType!.Name}.{method.Name}";
        Assert.That(
            string.Join('\n', faults.Distinct()), Is.Empty,
            "mark the called methods [MethodImpl(MethodImplOptions.NoInlining)]");

        bool IsCalledOnGpuAlone(MethodBase method)
        {
            var by = callers[method.MetadataToken];
            return by.Any() && by.All(caller => onGpu.Contains(caller.MetadataToken))
                && onGpu.Add(method.MetadataToken);
        }
    }

    private static bool IsOperand(Type type) => type.GetInterfaces().Any(known =>
        known.IsGenericType && known.GetGenericTypeDefinition() == typeof(IGemmOperand<>));

    private static bool IsKept(MethodBase method) =>
        method.MethodImplementationFlags.HasFlag(MethodImplAttributes.NoInlining);

    /// <summary>Whether a method's signature, or what it calls, has a type that needs ILGPU to be loaded.</summary>
    private static bool Mentions(MethodBase method) =>
        HasType(method) || MethodCode.Calls(method).Any(HasType);

    private static bool HasType(MethodBase method) =>
        NeedsIlgpu(method.DeclaringType!)
        || method.GetParameters().Any(p => NeedsIlgpu(p.ParameterType))
        || (method is MethodInfo info && NeedsIlgpu(info.ReturnType))
        || (method.IsGenericMethod && method.GetGenericArguments().Any(NeedsIlgpu));

    /// <summary>A type of ILGPU's, made of one, or a structure that holds one.</summary>
    private static bool NeedsIlgpu(Type type) =>
        type.Assembly.GetName().Name!.StartsWith("ILGPU", StringComparison.Ordinal)
        || (type.HasElementType && NeedsIlgpu(type.GetElementType()!))
        || (type.IsGenericType && type.GetGenericArguments().Any(NeedsIlgpu))
        || (type is { IsValueType: true, IsPrimitive: false, IsGenericParameter: false }
            && Libraries.Contains(type.Assembly)
            && type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                .Any(field => NeedsIlgpu(field.FieldType)));
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace PyNetSharp.Tests;

/// <summary>A kernel as CUDA's assembler gets it. That takes no GPU.</summary>
internal static partial class Ptx
{
    private static readonly ConcurrentDictionary<Type, string> Compiled = [];

    /// <summary>The text for compute capability 9.0, as <see cref="GpuDevice"/> would have it made.</summary>
    public static string Of(Type kernel) => Compiled.GetOrAdd(kernel, Compile);

    /// <summary>A kernel as ILGPU is given it.</summary>
    public static (EntryPointDescription Entry, KernelSpecialization Limits) EntryOf(Type kernel)
    {
        return kernel.IsAssignableTo(typeof(IGroupKernel))
            ? (EntryPointDescription.FromExplicitlyGroupedKernel(Method(nameof(KernelCache.GroupEntryPoint))),
                (KernelSpecialization)Method(nameof(KernelCache.LaunchBounds)).Invoke(null, null)!)
            : (
                EntryPointDescription.FromImplicitlyGroupedKernel(Method(nameof(KernelCache.ItemEntryPoint))),
                KernelSpecialization.Empty);

        MethodInfo Method(string name) => typeof(KernelCache).GetMethod(name)!.MakeGenericMethod(kernel);
    }

    /// <summary>
    /// Kernels as a program has them made, one after the other: what they have in common is compiled with the first of
    /// them, and so may come out otherwise than in a context of their own.
    /// </summary>
    public static IEnumerable<(Type Kernel, string Text)> InOneContext(IEnumerable<Type> kernels)
    {
        using var context = NewContext();
        using var backend = NewBackend(context);
        foreach (var kernel in kernels) yield return (kernel, Compile(backend, kernel));
    }

    private static string Compile(Type kernel)
    {
        using var context = NewContext();           // a failure spoils a context
        using var backend = NewBackend(context);
        return Compile(backend, kernel);
    }

    private static Context NewContext() => Context.Create(builder => builder.Optimize(OptimizationLevel.O1));

    private static PTXBackend NewBackend(Context context) =>
        new(context, CudaArchitecture.SM_90, CudaInstructionSet.ISA_78, null!);

    private static string Compile(PTXBackend backend, Type kernel)
    {
        var (entry, limits) = EntryOf(kernel);
        return ((PTXCompiledKernel)backend.Compile(entry, limits)).PTXAssembly;
    }

    /// <summary>Registers and bytes of spills by ptxas, from $PTXAS or the path; null if there is none.</summary>
    public static (int Registers, int Spilled)? Assemble(string ptx)
    {
        var ptxas = Environment.GetEnvironmentVariable("PTXAS") ?? "ptxas";
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, ptx);
            var result = ChildProcess.Run(ptxas, "-arch=sm_90", "-v", "-o", file + ".cubin", file);
            if (result.ExitCode != 0) throw new InvalidOperationException(result.Error);
            return (Number(Registers().Match(result.Error)), Number(Spills().Match(result.Error)));
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
        finally
        {
            File.Delete(file);
            File.Delete(file + ".cubin");
        }
    }

    private static int Number(Match match) => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex Registers();

    [GeneratedRegex(@"(\d+) bytes spill stores")]
    private static partial Regex Spills();
}

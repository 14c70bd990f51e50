using System.Collections.Concurrent;
using ILGPU;
using ILGPU.Runtime;

namespace PyNetSharp.Tests;

/// <summary>Runs kernels as an NVIDIA driver gets them, on memory of ILGPU's emulation.</summary>
internal sealed class PtxLaunchers(Accelerator accelerator) : KernelLaunchers(accelerator)
{
    /// <summary>Threads of a group of an <see cref="IItemKernel"/>.</summary>
    private const int ItemThreads = 64;

    private static readonly ConcurrentDictionary<Type, PtxProgram> Programs = [];

    private readonly Accelerator accelerator = accelerator;

    public override bool OnTensorCores => true;

    public override int Processors => 132;

    /// <remarks>The interpreter compiles by itself.</remarks>
    public override KernelPreparation PrepareEach<TKernel>() => KernelPreparation.None;

    public override KernelPreparation PrepareGroups<TKernel>() => KernelPreparation.None;

    public override void Each<TKernel>(Delegate launcher, int count, TKernel kernel) =>
        Run(typeof(TKernel), new((count + ItemThreads - 1) / ItemThreads, 1, 1), ItemThreads, count, kernel);

    public override void Groups<TKernel>(Delegate launcher, Index3D grid, TKernel kernel) =>
        Run(typeof(TKernel), grid, TKernel.Threads, kernel);

    private void Run(Type type, Index3D grid, int threads, params object[] arguments)
    {
        accelerator.Synchronize();
        var memory = new PtxGlobalMemory();
        byte[][] bytes = [.. arguments.Select(new PtxArguments(memory).Bytes)];
        var program = Programs.GetOrAdd(type, kernel => new(Ptx.Of(kernel)));
        int[] lengths = [.. bytes.Select(argument => argument.Length)];
        if (!program.Parameters.Select(parameter => parameter.Length).SequenceEqual(lengths))
            throw new PtxFault($"{type} takes {string.Join(", ", program.Parameters)}, not {string.Join(", ", lengths)} bytes");
        for (var z = 0; z < grid.Z; z++)
            for (var y = 0; y < grid.Y; y++)
                for (var x = 0; x < grid.X; x++)
                    new PtxGroup(program, threads, [grid.X, grid.Y, grid.Z], [x, y, z], bytes, memory).Run();
    }
}

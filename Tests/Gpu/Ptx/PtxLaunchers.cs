using System.Collections.Concurrent;
using ILGPU;
using ILGPU.Runtime;

namespace PyNetSharp.Tests;

/// <summary>Interprets kernels' PTX, on memory of ILGPU's emulated device.</summary>
internal sealed class PtxLaunchers(Accelerator accelerator) : KernelCache(accelerator)
{
    /// <summary>The group size of an <see cref="IItemKernel"/>.</summary>
    private const int ItemGroupSize = 64;

    private static readonly ConcurrentDictionary<Type, PtxProgram> Programs = [];

    private readonly Accelerator accelerator = accelerator;

    public override bool HasTensorCores => true;

    public override int MultiprocessorCount => 132;

    /// <remarks>Not used: <see cref="Run"/> compiles kernels to PTX.</remarks>
    public override LazyKernel GetItemKernel<TKernel>() => LazyKernel.None;

    public override LazyKernel GetGroupKernel<TKernel>() => LazyKernel.None;

    public override void LaunchItems<TKernel>(Delegate launcher, int count, TKernel kernel) =>
        Run(typeof(TKernel), new((count + ItemGroupSize - 1) / ItemGroupSize, 1, 1), ItemGroupSize, count, kernel);

    public override void LaunchGroups<TKernel>(Delegate launcher, Index3D grid, TKernel kernel) =>
        Run(typeof(TKernel), grid, TKernel.Threads, kernel);

    private void Run(Type type, Index3D grid, int threads, params object[] arguments)
    {
        accelerator.Synchronize();
        var memory = new PtxGlobalMemory();
        byte[][] bytes = [.. arguments.Select(new PtxArguments(memory).Bytes)];
        var program = Programs.GetOrAdd(type, kernel => new(Ptx.Of(kernel)));
        int[] lengths = [.. bytes.Select(argument => argument.Length)];
        if (!program.Parameters.Select(parameter => parameter.Length).SequenceEqual(lengths))
            throw new PtxException(
                $"{type} takes {string.Join(", ", program.Parameters)}, not {string.Join(", ", lengths)} bytes");
        for (var z = 0; z < grid.Z; z++)
            for (var y = 0; y < grid.Y; y++)
                for (var x = 0; x < grid.X; x++)
                    new PtxCta(program, threads, [grid.X, grid.Y, grid.Z], [x, y, z], bytes, memory).Run();
    }
}

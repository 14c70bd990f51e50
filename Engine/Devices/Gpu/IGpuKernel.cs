namespace PyNetSharp.Kernels;

/// <summary>A kernel that runs one thread per item. The struct's fields are its arguments.</summary>
/// <remarks>ILGPU compiles <see cref="Run"/> for the GPU: it must not create objects, throw or recurse.</remarks>
public interface IItemKernel
{
    /// <summary>What one thread does.</summary>
    /// <param name="i">The item's index, from 0.</param>
    void Run(int i);
}

/// <summary>A kernel whose threads work in groups (CUDA's blocks). The struct's fields are its arguments.</summary>
/// <remarks>
/// <see cref="ILGPU.Grid"/> and <see cref="ILGPU.Group"/> say which thread runs; every thread of a group must reach
/// every barrier.
/// </remarks>
public interface IGroupKernel
{
    /// <summary>The number of threads of a group, at most 256.</summary>
    static abstract int Threads { get; }

    /// <summary>
    /// How many threads shall be resident on a multiprocessor, which limits the registers of each: 512 leave 128 of the
    /// 65,536 registers to a thread, 384 leave 168.
    /// </summary>
    static virtual int ThreadsPerMultiprocessor => 512;

    /// <summary>What one thread does; <see cref="ILGPU.Grid"/> and <see cref="ILGPU.Group"/> say which.</summary>
    void Run();
}

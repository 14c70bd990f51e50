namespace PyNetSharp;

/// <summary>What one thread of a GPU does for one item. The struct's fields are the kernel's arguments.</summary>
/// <remarks>ILGPU compiles the struct's code: no objects, no exceptions, no recursion.</remarks>
internal interface IItemKernel
{
    /// <param name="i">From 0 up to, not including, the number of items.</param>
    void Run(int i);
}

/// <summary>What one group of a GPU's threads does together. The struct's fields are the kernel's arguments.</summary>
/// <remarks>
/// <see cref="ILGPU.Grid"/> and <see cref="ILGPU.Group"/> say which thread runs; every thread of a group must reach every barrier.
/// </remarks>
internal interface IGroupKernel
{
    /// <summary>The threads of a group, at most 256.</summary>
    static abstract int Threads { get; }

    /// <summary>
    /// How many threads a processor of the GPU shall hold: 512 leave each of them 128 of its 65,536 registers, and 384
    /// leave 168.
    /// </summary>
    static virtual int ThreadsPerMultiprocessor => 512;

    void Run();
}

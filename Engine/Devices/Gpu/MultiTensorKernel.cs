using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>
/// One launch for up to twenty item kernels of one type, each with its own arguments and number of items: apex's
/// multi_tensor_apply.
/// </summary>
internal readonly struct MultiTensorKernel20<TKernel>(
    MultiTensorKernel4<TKernel> a, MultiTensorKernel4<TKernel> b, MultiTensorKernel4<TKernel> c,
    MultiTensorKernel4<TKernel> d, MultiTensorKernel4<TKernel> e) : IGroupKernel
    where TKernel : struct, IItemKernel
{
    public const int MaxParts = 20;

    public static int Threads => MultiTensorPart<TKernel>.Threads;

    public void Run()
    {
        a.Run();
        b.Run();
        c.Run();
        d.Run();
        e.Run();
    }
}

/// <summary>
/// One launch for up to four item kernels: for devices that limit a kernel's arguments to about 1 KB, and as a part of
/// <see cref="MultiTensorKernel20{TKernel}"/>.
/// </summary>
internal readonly struct MultiTensorKernel4<TKernel>(
    MultiTensorPart<TKernel> a, MultiTensorPart<TKernel> b, MultiTensorPart<TKernel> c, MultiTensorPart<TKernel> d)
    : IGroupKernel
    where TKernel : struct, IItemKernel
{
    public const int MaxParts = 4;

    public static int Threads => MultiTensorPart<TKernel>.Threads;

    public void Run()
    {
        a.Run();
        b.Run();
        c.Run();
        d.Run();
    }
}

/// <summary>One item kernel of a multi-tensor launch, which consecutive groups of the grid run.</summary>
/// <param name="kernel">The kernel with its arguments.</param>
/// <param name="count">The number of its items.</param>
/// <param name="firstGroup">The index of its first group in the grid.</param>
internal readonly struct MultiTensorPart<TKernel>(TKernel kernel, int count, int firstGroup)
    where TKernel : struct, IItemKernel
{
    public const int Threads = 256;

    private const int ItemsPerGroup = 8 * Threads;

    /// <summary>The first group of the next part.</summary>
    public int EndGroup => firstGroup + (count + ItemsPerGroup - 1) / ItemsPerGroup;

    public void Run()
    {
        var group = Grid.IdxX - firstGroup;
        if (group < 0) return;
        var end = IntrinsicMath.Min(count, (group + 1) * ItemsPerGroup);
        for (var i = group * ItemsPerGroup + Group.IdxX; i < end; i += Threads) kernel.Run(i);
    }
}

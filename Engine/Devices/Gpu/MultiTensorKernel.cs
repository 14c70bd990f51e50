using ILGPU;

namespace PyNetSharp;

/// <summary>Up to twenty item kernels of one kind, each with arguments and a number of items of its own, in one launch.</summary>
internal readonly struct MultiTensorKernel20<TKernel>(
    MultiTensorKernel4<TKernel> a, MultiTensorKernel4<TKernel> b, MultiTensorKernel4<TKernel> c, MultiTensorKernel4<TKernel> d, MultiTensorKernel4<TKernel> e) : IGroupKernel
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

/// <summary>Four of them, for devices whose kernels take few arguments.</summary>
internal readonly struct MultiTensorKernel4<TKernel>(MultiTensorPart<TKernel> a, MultiTensorPart<TKernel> b, MultiTensorPart<TKernel> c, MultiTensorPart<TKernel> d) : IGroupKernel
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

/// <summary>One of them: a run of groups, from <paramref name="firstGroup"/> on, each for so many of its items.</summary>
internal readonly struct MultiTensorPart<TKernel>(TKernel kernel, int count, int firstGroup) where TKernel : struct, IItemKernel
{
    public const int Threads = 256;

    private const int ItemsPerGroup = 8 * Threads;

    /// <summary>The group with which the next part begins.</summary>
    public int EndGroup => firstGroup + (count + ItemsPerGroup - 1) / ItemsPerGroup;

    public void Run()
    {
        var group = Grid.IdxX - firstGroup;
        if (group < 0) return;
        var end = IntrinsicMath.Min(count, (group + 1) * ItemsPerGroup);
        for (var i = group * ItemsPerGroup + Group.IdxX; i < end; i += Threads) kernel.Run(i);
    }
}

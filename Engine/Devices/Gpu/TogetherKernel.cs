using ILGPU;

namespace PyNetSharp;

/// <summary>Up to twenty item kernels of one kind, each with arguments and a number of items of its own, in one launch.</summary>
internal readonly struct TogetherKernel<TKernel>(
    FourParts<TKernel> a, FourParts<TKernel> b, FourParts<TKernel> c, FourParts<TKernel> d, FourParts<TKernel> e) : IGroupKernel
    where TKernel : struct, IItemKernel
{
    public const int Parts = 20;

    public static int Threads => Part<TKernel>.Threads;

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
internal readonly struct FourParts<TKernel>(Part<TKernel> a, Part<TKernel> b, Part<TKernel> c, Part<TKernel> d) : IGroupKernel
    where TKernel : struct, IItemKernel
{
    public const int Parts = 4;

    public static int Threads => Part<TKernel>.Threads;

    public void Run()
    {
        a.Run();
        b.Run();
        c.Run();
        d.Run();
    }
}

/// <summary>One of them: a run of groups, from <paramref name="first"/> on, each for so many of its items.</summary>
internal readonly struct Part<TKernel>(TKernel kernel, int count, int first) where TKernel : struct, IItemKernel
{
    public const int Threads = 256;

    private const int Items = 8 * Threads;

    /// <summary>The group with which the next part begins.</summary>
    public int End => first + (count + Items - 1) / Items;

    public void Run()
    {
        var group = Grid.IdxX - first;
        if (group < 0) return;
        var end = IntrinsicMath.Min(count, (group + 1) * Items);
        for (var i = group * Items + Group.IdxX; i < end; i += Threads) kernel.Run(i);
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp.Optimizers;

/// <remarks>
/// On a GPU each launch takes all gradients (multi-tensor): one for partial sums of squares, one that adds those up,
/// and one that scales. The host waits once, for the norm.
/// </remarks>
public static partial class ClipGradNormExtensions
{
    /// <summary>The sum of the squares of the gradients, which are all on GPUs.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static double SquaredNormOnGpus(Parameter[] parameters) =>
        parameters.Select(p => p.Grad!).GroupBy(g => g.Gpu)
            .Sum(gradients => SquaredNorm(gradients.Key, [.. gradients]));

    /// <summary>Scales the gradients of the parameters, which are all on GPUs.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ScaleOnGpus(Parameter[] parameters, float factor)
    {
        foreach (var group in parameters.GroupBy(p => p.Gpu))
        {
            // All outputs before the first assignment, which ends a reference to a gradient that two parameters share.
            (Parameter Parameter, Tensor X, Tensor Y)[] scaled =
                [.. group.Select(p => (p, p.Grad!, ScaleOutput(p.Grad!)))];
            group.Key.LaunchMultiTensor<AffineKernel>(
                [.. scaled.Select(s => (s.X.Shape.Size, new AffineKernel(s.X.View, new(factor, 0), s.Y.View)))]);
            foreach (var (parameter, _, y) in scaled) parameter.Grad = y;
        }
    }

    private static double SquaredNorm(GpuDevice gpu, Tensor[] gradients)
    {
        var count = gradients.Sum(PartialSumCount);
        var groups = (count + SquaredNormReduceKernel.BlockSize - 1) / SquaredNormReduceKernel.BlockSize;
        // Each double takes the memory of two floats.
        using TemporaryTensor squares = new([2 * count], gpu), sums = new([2 * groups], gpu);
        var (each, total) = (squares.Tensor.View.Cast<double>(), sums.Tensor.View.Cast<double>());
        var first = 0;
        gpu.LaunchMultiTensor<SquaredNormKernel>([.. gradients.Select(g =>
        {
            var to = each.SubView(first, PartialSumCount(g));
            first += PartialSumCount(g);
            return (PartialSumCount(g), new SquaredNormKernel(g.View, g.Shape.Size, to));
        })]);
        gpu.LaunchGroups(
            new(groups, 1, 1), new SquaredNormReduceKernel(each, count, total));

        var sum = 0.0;
        foreach (var partial in MemoryMarshal.Cast<float, double>(sums.Tensor.ToArray())) sum += partial;
        return sum;
    }

    /// <summary>The number of partial sums of a gradient's squares.</summary>
    private static int PartialSumCount(Tensor gradient) =>
        (int)(((long)gradient.Shape.Size + SquaredNormKernel.BlockSize - 1) / SquaredNormKernel.BlockSize
            * SquaredNormKernel.ThreadsPerBlock);
}

/// <summary>
/// Σx² of up to <see cref="TermsPerThread"/> floats for each thread, in double precision: squares of large gradients
/// are beyond single. Neighboring threads read neighboring floats.
/// </summary>
/// <param name="sums">As many as there are threads.</param>
internal readonly struct SquaredNormKernel(ArrayView<float> x, int count, ArrayView<double> sums) : IItemKernel
{
    public const int ThreadsPerBlock = 32, BlockSize = ThreadsPerBlock * TermsPerThread;

    private const int TermsPerThread = 64;

    public void Run(int i)
    {
        int block = i / ThreadsPerBlock * BlockSize, end = IntrinsicMath.Min(count, block + BlockSize);
        var sum = 0.0;
        for (var k = block + i % ThreadsPerBlock; k < end; k += ThreadsPerBlock) sum += (double)x[k] * x[k];
        sums[i] = sum;
    }
}

/// <summary>The sum of one block of partial sums for each group.</summary>
internal readonly struct SquaredNormReduceKernel(ArrayView<double> squares, int count, ArrayView<double> sums)
    : IGroupKernel
{
    public const int BlockSize = 1 << 12;

    public static int Threads => 256;

    public void Run()
    {
        var partial = SharedMemory.Allocate<double>(256);
        int lane = Group.IdxX, end = IntrinsicMath.Min(count, (Grid.IdxX + 1) * BlockSize);
        var sum = 0.0;
        for (var i = Grid.IdxX * BlockSize + lane; i < end; i += 256) sum += squares[i];

        partial[lane] = sum;
        Group.Barrier();
        for (var half = 128; half > 0; half >>= 1)
        {
            if (lane < half) partial[lane] += partial[lane + half];
            Group.Barrier();
        }

        if (lane == 0) sums[Grid.IdxX] = partial[0];
    }
}

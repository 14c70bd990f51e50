using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;

namespace PyNetSharp;

/// <remarks>
/// On a GPU the gradients of all parameters are taken together (multi-tensor): one launch for the sums of squares of
/// many, one that adds those up, and one that scales. The host waits once, for the norm.
/// </remarks>
public static partial class GradientNorm
{
    /// <summary>The sum of the squares of the gradients, which are all on GPUs.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static double SumOnGpus(Parameter[] parameters) =>
        parameters.Select(p => p.Grad!).GroupBy(g => g.Gpu)
            .Sum(gradients => SquaredNorm(gradients.Key, [.. gradients]));

    /// <summary>Scales the gradients of the parameters, which are all on GPUs.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ScaleOnGpus(Parameter[] parameters, float factor)
    {
        foreach (var group in parameters.GroupBy(p => p.Gpu))
            group.Key.Together<AffineKernel>([.. group.Select(parameter =>
            {
                var (x, y) = (parameter.Grad!, Target(parameter.Grad!));
                parameter.Grad = y;
                y.Release();            // the parameter has a reference of its own
                return (x.Shape.Size, new AffineKernel(x.View, factor, 0, y.View));
            })]);
    }

    private static double SquaredNorm(GpuDevice gpu, Tensor[] gradients)
    {
        var count = gradients.Sum(Squares);
        var groups = (count + SumOfSquaresKernel.Piece - 1) / SumOfSquaresKernel.Piece;
        // Doubles, each in the place of two floats.
        using TemporaryTensor squares = new([2 * count], gpu), sums = new([2 * groups], gpu);
        var (each, total) = (squares.Tensor.View.Cast<double>(), sums.Tensor.View.Cast<double>());
        var first = 0;
        gpu.Together<SquaresKernel>([.. gradients.Select(g =>
        {
            var to = each.SubView(first, Squares(g));
            first += Squares(g);
            return (Squares(g), new SquaresKernel(g.View, g.Shape.Size, to));
        })]);
        gpu.Groups(
            new(groups, 1, 1), new SumOfSquaresKernel(each, count, total));

        var sum = 0.0;
        foreach (var piece in MemoryMarshal.Cast<float, double>(sums.Tensor.ToArray())) sum += piece;
        return sum;
    }

    /// <summary>Into how many sums the squares of a gradient go.</summary>
    private static int Squares(Tensor gradient) =>
        (int)(((long)gradient.Shape.Size + SquaresKernel.Block - 1) / SquaresKernel.Block * SquaresKernel.Lanes);
}

/// <summary>
/// Σx² of up to <see cref="Terms"/> floats for each thread, in double precision: squares of large gradients are beyond
/// single. Neighbouring threads read neighbouring floats.
/// </summary>
/// <param name="sums">As many as there are threads.</param>
internal readonly struct SquaresKernel(ArrayView<float> x, int count, ArrayView<double> sums) : IItemKernel
{
    public const int Lanes = 32, Block = Lanes * Terms;

    private const int Terms = 64;

    public void Run(int i)
    {
        int block = i / Lanes * Block, end = IntrinsicMath.Min(count, block + Block);
        var sum = 0.0;
        for (var k = block + i % Lanes; k < end; k += Lanes) sum += (double)x[k] * x[k];
        sums[i] = sum;
    }
}

/// <summary>The sum of a piece of the sums for each group.</summary>
internal readonly struct SumOfSquaresKernel(ArrayView<double> squares, int count, ArrayView<double> sums) : IGroupKernel
{
    public const int Piece = 1 << 12;

    public static int Threads => 256;

    public void Run()
    {
        var lanes = SharedMemory.Allocate<double>(256);
        int lane = Group.IdxX, end = IntrinsicMath.Min(count, (Grid.IdxX + 1) * Piece);
        var sum = 0.0;
        for (var i = Grid.IdxX * Piece + lane; i < end; i += 256) sum += squares[i];

        lanes[lane] = sum;
        Group.Barrier();
        for (var half = 128; half > 0; half >>= 1)
        {
            if (lane < half) lanes[lane] += lanes[lane + half];
            Group.Barrier();
        }

        if (lane == 0) sums[Grid.IdxX] = lanes[0];
    }
}

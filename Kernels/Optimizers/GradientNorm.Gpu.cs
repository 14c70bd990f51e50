using System.Runtime.InteropServices;
using ILGPU;

namespace PyNetSharp;

public static partial class GradientNorm
{
    static partial void SumOnGpus(Parameter[] trained, ref double sum)
    {
        foreach (var gradients in trained.Select(p => p.Grad!).Where(g => !g.IsOnCpu).GroupBy(g => g.Gpu))
        {
            var partial = new Tensor([2 * gradients.Sum(g => Pieces(g))], gradients.Key);      // doubles, each in the place of two floats
            var first = 0;
            foreach (var g in gradients)
            {
                gradients.Key.Groups(new(Pieces(g), 1, 1), new SquaresKernel(g.View, g.Shape.Size, partial.View.Cast<double>(), first));
                first += Pieces(g);
            }

            foreach (var piece in MemoryMarshal.Cast<float, double>(partial.ToArray())) sum += piece;
            partial.Discard();
        }
    }

    private static int Pieces(Tensor gradient) => (gradient.Shape.Size + SquaresKernel.Piece - 1) / SquaresKernel.Piece;
}

/// <summary>Σx² of a piece for each group, in double precision: squares of large gradients are beyond single.</summary>
internal readonly struct SquaresKernel(ArrayView<float> x, int count, ArrayView<double> sums, int first) : IGroupKernel
{
    public const int Piece = 1 << 14;

    public static int Threads => 256;

    public void Run()
    {
        var lanes = SharedMemory.Allocate<double>(256);
        int lane = Group.IdxX, end = IntrinsicMath.Min(count, (Grid.IdxX + 1) * Piece);
        var sum = 0.0;
        for (var i = Grid.IdxX * Piece + lane; i < end; i += 256) sum += (double)x[i] * x[i];

        lanes[lane] = sum;
        Group.Barrier();
        for (var half = 128; half > 0; half >>= 1)
        {
            if (lane < half) lanes[lane] += lanes[lane + half];
            Group.Barrier();
        }

        if (lane == 0) sums[first + Grid.IdxX] = lanes[0];
    }
}

using System.Runtime.CompilerServices;

namespace PyNetSharp.Kernels;

/// <summary>NumPy's broadcasting: shapes are aligned at their last axes, and an extent of 1 repeats.</summary>
/// <seealso href="https://numpy.org/doc/stable/user/basics.broadcasting.html">NumPy, Broadcasting</seealso>
internal static unsafe class Broadcast
{
    private const int GrainSize = 1 << 15;          // elements that one CPU thread computes at a time

    /// <summary>The shape to which <paramref name="a"/> and <paramref name="b"/> are broadcast.</summary>
    /// <exception cref="ShapeException">Two aligned extents differ and neither is 1.</exception>
    public static Shape Infer(string op, Shape a, Shape b) => Infer(op, a, b, a, b);

    /// <summary>The same for axes of two operands, whose shapes the message names.</summary>
    public static Shape Infer(string op, Shape a, Shape b, Shape operandA, Shape operandB)
    {
        if (a == b) return a;
        var extents = new int[Math.Max(a.Rank, b.Rank)];
        for (var i = 1; i <= extents.Length; i++)
        {
            var (m, n) = (i > a.Rank ? 1 : a[^i], i > b.Rank ? 1 : b[^i]);
            if (m != n && m != 1 && n != 1)
                throw new ShapeException(
                    $"{op}: {operandA} and {operandB} cannot be broadcast; " +
                    $"the extents {m} and {n} differ and neither is 1.");
            extents[^i] = m == 1 ? n : m;
        }

        return Shape.Create(extents);
    }

    /// <summary>y = F(a, b), where both operands' shapes can be broadcast to <paramref name="y"/>'s.</summary>
    public static void Run<TFormula>(TFormula formula, Tensor a, Tensor b, Tensor y)
        where TFormula : struct, IBinaryFormula
    {
        BroadcastPlan? plan = null;
        Run(formula, a, b, y, ref plan);
    }

    /// <summary>The same, with the loops of an earlier call for these shapes if there was one.</summary>
    public static void Run<TFormula>(TFormula formula, Tensor a, Tensor b, Tensor y, ref BroadcastPlan? plan)
        where TFormula : struct, IBinaryFormula
    {
        plan ??= new(y.Shape, a.Shape, b.Shape);
        if (y.IsOnCpu) RunOnCpu(plan, new BinaryRow<TFormula>(formula, a.Pointer, b.Pointer, y.Pointer), y.Cpu);
        else RunOnGpu(formula, plan, a, b, y);
    }

    /// <summary>
    /// y = F(d, a, b), where <paramref name="d"/> has the shape of <paramref name="y"/>, and may be it, and the shapes
    /// of the others can be broadcast to that.
    /// </summary>
    public static void Run<TFormula>(TFormula formula, Tensor d, Tensor a, Tensor b, Tensor y)
        where TFormula : struct, ITernaryFormula
    {
        var plan = new BroadcastPlan(y.Shape, a.Shape, b.Shape);
        if (y.IsOnCpu)
            RunOnCpu(plan, new TernaryRow<TFormula>(formula, d.Pointer, a.Pointer, b.Pointer, y.Pointer), y.Cpu);
        else RunOnGpu(formula, plan, d, a, b, y);
    }

    /// <summary>The elements of <paramref name="x"/>, repeated to a shape.</summary>
    /// <returns><paramref name="x"/> itself if it has that shape.</returns>
    public static Tensor Expand(Tensor x, Shape shape)
    {
        if (x.Shape == shape) return x;
        var y = new Tensor(shape, x.Device);
        Run(default(First), x, x, y);
        return y;
    }

    /// <summary>
    /// Sums a gradient over the axes along which an operand of shape <paramref name="operand"/> was repeated.
    /// </summary>
    /// <returns><paramref name="dy"/> itself if there are none.</returns>
    public static Tensor SumTo(Tensor dy, Shape operand)
    {
        if (dy.Shape == operand) return dy;
        var added = dy.Rank - operand.Rank;
        var repeated = Enumerable.Range(0, dy.Rank)
            .Where(i => i < added || operand[i - added] != dy.Shape[i]).ToArray();

        var sum = dy.Sum(repeated, keepDims: true);
        if (sum.Shape == operand) return sum;
        using var temporary = new TemporaryTensor(sum);
        return sum.Reshape(operand);
    }

    private static void RunOnCpu<TRow>(BroadcastPlan plan, TRow row, CpuDevice cpu) where TRow : struct, IBroadcastRow
    {
        var width = plan.InnerExtent;
        if (width > GrainSize)
            for (var i = 0; i < plan.Rows; i++) cpu.ForRanges(width, GrainSize, new PartBody<TRow>(plan, row, i));
        else cpu.ForRanges(plan.Rows, Math.Max(1, GrainSize / Math.Max(1, width)), new RowsBody<TRow>(plan, row));
    }

    /// <summary>Elements <paramref name="start"/> and following of row <paramref name="i"/>.</summary>
    private static void RunPart<TRow>(BroadcastPlan plan, TRow row, int i, int start, int n)
        where TRow : struct, IBroadcastRow
    {
        var (a, b) = plan.RowOffsets(i);
        row.Run(
            a + (long)start * plan.StrideA, plan.StrideA, b + (long)start * plan.StrideB, plan.StrideB,
            (long)i * plan.InnerExtent + start, n);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunOnGpu<TFormula>(TFormula formula, BroadcastPlan plan, Tensor a, Tensor b, Tensor y)
        where TFormula : struct, IBinaryFormula
    {
        if (FormulaParameters<TFormula>.AreNone) Launch(new StatelessBinary<TFormula>(0));
        else Launch(formula);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Launch<T>(T argument) where T : struct, IBinaryFormula
        {
            foreach (var part in BroadcastIndex.Split(plan))
                y.Gpu.LaunchItems(part.Count, new BinaryKernel<T>(
                    argument, part.Index, a.View, b.View, y.View.SubView(part.Start)));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunOnGpu<TFormula>(
        TFormula formula, BroadcastPlan plan, Tensor d, Tensor a, Tensor b, Tensor y)
        where TFormula : struct, ITernaryFormula
    {
        if (FormulaParameters<TFormula>.AreNone) Launch(new StatelessTernary<TFormula>(0));
        else Launch(formula);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Launch<T>(T argument) where T : struct, ITernaryFormula
        {
            foreach (var part in BroadcastIndex.Split(plan))
                y.Gpu.LaunchItems(part.Count, new TernaryKernel<T>(
                    argument, part.Index, d.View.SubView(part.Start), a.View, b.View, y.View.SubView(part.Start)));
        }
    }

    private readonly struct PartBody<TRow>(BroadcastPlan plan, TRow row, int i) : IRangeBody
        where TRow : struct, IBroadcastRow
    {
        public void Run(int start, int n) => RunPart(plan, row, i, start, n);
    }

    private readonly struct RowsBody<TRow>(BroadcastPlan plan, TRow row) : IRangeBody
        where TRow : struct, IBroadcastRow
    {
        public void Run(int first, int n)
        {
            for (var i = first; i < first + n; i++) RunPart(plan, row, i, 0, plan.InnerExtent);
        }
    }

    internal readonly struct First : IBinaryFormula
    {
        public T F<T>(T a, T b) where T : struct, IReal<T> => a;

        public T DA<T>(T a, T b) where T : struct, IReal<T> => T.Create(1);

        public T DB<T>(T a, T b) where T : struct, IReal<T> => T.Create(0);
    }
}

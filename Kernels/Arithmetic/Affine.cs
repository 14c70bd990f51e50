using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp;

/// <summary>Arithmetic of a tensor with a number.</summary>
public static class AffineExtensions
{
    extension(Tensor)
    {
        /// <summary>−x, elementwise.</summary>
        public static Tensor operator -(Tensor x) => new AffineOp("Negate", -1, 0).Apply(x);

        /// <summary>x + <paramref name="shift"/>, elementwise.</summary>
        public static Tensor operator +(Tensor x, float shift) => new AffineOp("Add", 1, shift).Apply(x);

        /// <summary><paramref name="shift"/> + x, elementwise.</summary>
        public static Tensor operator +(float shift, Tensor x) => new AffineOp("Add", 1, shift).Apply(x);

        /// <summary>x − <paramref name="shift"/>, elementwise.</summary>
        public static Tensor operator -(Tensor x, float shift) => new AffineOp("Subtract", 1, -shift).Apply(x);

        /// <summary><paramref name="shift"/> − x, elementwise.</summary>
        public static Tensor operator -(float shift, Tensor x) => new AffineOp("Subtract", -1, shift).Apply(x);

        /// <summary>x·<paramref name="scale"/>, elementwise.</summary>
        public static Tensor operator *(Tensor x, float scale) => new AffineOp("Multiply", scale, 0).Apply(x);

        /// <summary><paramref name="scale"/>·x, elementwise.</summary>
        public static Tensor operator *(float scale, Tensor x) => new AffineOp("Multiply", scale, 0).Apply(x);
    }
}

/// <summary>y = scale·x + shift.</summary>
/// <param name="name">What the caller has written: Add, Subtract, Multiply or Negate.</param>
internal sealed unsafe class AffineOp(string name, float scale, float shift) : Op
{
    private const int GrainSize = 1 << 14;      // floats: two streams of 64 KB stay in the L2 cache

    public override string Name => name;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) => Run(x[0], scale, shift, y);

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x)
    {
        var scaled = scale switch
        {
            1 => x[0],
            -1 => graph.Add("Neg", x),
            _ => graph.Add("Mul", [x[0], OnnxValue.Constant(scale)]),
        };
        return shift == 0 ? scaled : graph.Add("Add", [scaled, OnnxValue.Constant(shift)]);
    }

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        if (scale == 1) return [dy];
        var dx = dy.IsExclusive ? dy : new Tensor(dy.Shape, dy.Device);
        Run(dy, scale, 0, dx);
        return [dx];
    }

    /// <summary>y = scale·x + shift; <paramref name="y"/> may be <paramref name="x"/>.</summary>
    public static void Run(Tensor x, float scale, float shift, Tensor y)
    {
        if (!y.IsOnCpu)
        {
            RunOnGpu(x, new(scale, shift), y);
            return;
        }

        // Adding −0 leaves every number as it is; adding 0 would make 0 of −0.
        var formula = new AffineFormula(scale, shift == 0 ? -0f : shift);
        y.Cpu.ForRanges(y.Shape.Size, GrainSize, new RangeBody(x.Pointer, formula, y.Pointer));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunOnGpu(Tensor x, AffineFormula formula, Tensor y) =>
        y.Gpu.LaunchItems(y.Shape.Size, new AffineKernel(x.View, formula, y.View));

    private readonly struct RangeBody(float* x, AffineFormula formula, float* y) : IRangeBody
    {
        public void Run(int start, int n) =>
            VectorDispatch.ForEach(n, new LoopBody(x + start, formula, y + start));
    }

    private readonly struct LoopBody(float* x, AffineFormula formula, float* y) : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V> => formula.Apply(V.Load(x + i)).Store(y + i);
    }
}

/// <summary>scale·x + shift: rounded twice on the CPU, once or twice on a GPU.</summary>
internal readonly record struct AffineFormula(float Scale, float Shift)
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : struct, IReal<T> => x * T.Create(Scale) + T.Create(Shift);
}

internal readonly struct AffineKernel(ArrayView<float> x, AffineFormula formula, ArrayView<float> y) : IItemKernel
{
    public void Run(int i) => y[i] = formula.Apply(new GpuFloat(x[i])).V;
}

using System.Runtime.CompilerServices;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Layer normalization.</summary>
public static class LayerNormExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// Normalizes every item over its last axes: (x − mean) / √(variance + eps) · weight + bias, with the mean and
        /// the biased variance over the elements of those axes.
        /// </summary>
        /// <param name="normalizedShape">
        /// The last extents of x, over which the statistics are taken; at least one.
        /// </param>
        /// <param name="weight">Of the normalized shape, or null for ones.</param>
        /// <param name="bias">Of the normalized shape, or null for zeros; given if and only if the weight is.</param>
        /// <param name="eps">Added to the variance, so that a constant item is not divided by zero; positive.</param>
        /// <returns>A tensor shaped like x, whose shape ends in the normalized shape.</returns>
        /// <exception cref="ShapeException">
        /// The shape of x does not end in the normalized shape, or weight or bias is not of that shape.
        /// </exception>
        /// <exception cref="ArgumentException">Only one of weight and bias is given.</exception>
        /// <exception cref="ArgumentOutOfRangeException">Eps is not a positive number.</exception>
        /// <remarks>
        /// <c>torch.nn.functional.layer_norm</c>. The variance is that of deviations from the mean, and both are summed
        /// in blocks, so a mean that is far from zero costs no accuracy. Backward reads x and two numbers per item. The
        /// last axis or the last two of images are not contiguous in storage (N×H×W×C) and are copied first; otherwise
        /// nothing is copied but, for C×H×W, the weight and the bias.
        /// </remarks>
        /// <seealso href="https://arxiv.org/abs/1607.06450">Ba, Kiros and Hinton, 2016, eq. 4</seealso>
        public Tensor LayerNorm(
            Shape normalizedShape, Tensor? weight = null, Tensor? bias = null, float eps = 1e-5f)
        {
            ArgumentNullException.ThrowIfNull(normalizedShape);
            NormalizationOptions.CheckEps("LayerNorm", eps);
            NormalizationOptions.CheckPair("LayerNorm", weight, bias);
            CheckShapes(x.Shape, normalizedShape, weight, bias);
            int axes = normalizedShape.Rank, n = normalizedShape.Size, outer = 1;
            foreach (var extent in x.Shape.AsSpan()[..^axes]) outer *= extent;

            // The op has the items as rows, and the weight in the order of their storage.
            Shape rows = x.Rank == 4 && axes < 3 ? [outer, n] : x.Shape;
            Shape row = rows.Rank == 4 ? [.. rows.Take(4 - axes).Select(_ => 1), .. normalizedShape] : [n];
            var op = new LayerNormOp(outer, n, x.Shape == rows ? axes : 1, eps);
            if (weight is null || bias is null) return Reshaped(x, rows, input => op.Apply(input), x.Shape);
            return Reshaped(
                x, rows,
                input => Reshaped(weight, row, w => Reshaped(bias, row, b => op.Apply(input, w, b), rows), rows),
                x.Shape);
        }
    }

    private static void CheckShapes(Shape x, Shape normalizedShape, Tensor? weight, Tensor? bias)
    {
        var axes = normalizedShape.Rank;
        var ends = axes > 0 && axes <= x.Rank && x.AsSpan()[^axes..].SequenceEqual(normalizedShape.AsSpan());
        if (ends && (weight ?? bias) is null) return;
        if (ends && weight!.Shape == normalizedShape && bias!.Shape == normalizedShape) return;
        throw new ShapeException(
            $"LayerNorm: an input {x} is to end in the normalized shape {normalizedShape}, of at least one extent, " +
            $"which is also that of weight {Show(weight)} and bias {Show(bias)}.");

        static string Show(Tensor? tensor) => tensor is null ? "(none)" : $"{tensor.Shape}";
    }

    /// <summary>The result of <paramref name="op"/> on a reshaped tensor, reshaped too.</summary>
    private static Tensor Reshaped(Tensor x, Shape shape, Func<Tensor, Tensor> op, Shape result)
    {
        var input = x.Shape == shape ? x : ReshapeOp.Apply(x, shape, "LayerNorm");
        var y = op(input);
        if (input != x) input.Release();
        if (y.Shape == result) return y;
        var reshaped = ReshapeOp.Apply(y, result, "LayerNorm");
        y.Release();
        return reshaped;
    }
}

/// <summary>Normalizes rows of n elements, those of the last axes, that are contiguous in storage.</summary>
internal sealed class LayerNormOp(int rows, int n, int axes, float eps) : Op
{
    private Shape shape = null!;
    private Tensor x = null!, mean = null!, invStd = null!;     // [rows] each; invStd is 1 / √(variance + eps)
    private Tensor? weight;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => shape = x[0].Shape;

    protected override void Forward(ReadOnlySpan<Tensor> inputs, Tensor y)
    {
        x = Save(inputs[0]);
        weight = inputs.Length > 1 ? Save(inputs[1]) : null;
        var bias = inputs.Length > 1 ? inputs[2] : null;
        if (!IsRecorded && x.IsOnCpu)
        {
            LayerNormCpu.Evaluate(x, rows, n, weight, bias, eps, y);
            return;
        }

        (mean, invStd) = (Save(new([rows], x.Device)), Save(new([rows], x.Device)));
        CreateKernels().Forward(bias, eps, y);
        if (IsRecorded) return;
        mean.Release();
        invStd.Release();
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x)
    {
        Shape row = Shape.Create(shape.AsSpan()[^axes..]);
        var weight = x.Length > 1 ? Row(x[1]) : OnnxValue.Constant(row, [.. Enumerable.Repeat(1f, n)]);
        ReadOnlySpan<OnnxValue> inputs = x.Length > 1 ? [x[0], weight, Row(x[2])] : [x[0], weight];
        return graph.Add("LayerNormalization", inputs, ("axis", -axes), ("epsilon", eps));

        OnnxValue Row(OnnxValue values) => axes == 1 ? values : graph.Reshape(values, row.AsSpan());
    }

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var kernels = CreateKernels();
        Tensor? dw = null, db = null;
        if (Needed(1) || Needed(2))
        {
            (dw, db) = (new(weight!.Shape, x.Device), new(weight.Shape, x.Device));
            kernels.BackwardWeight(dy, dw, db);
        }

        Tensor? dx = null;
        if (Needed(0)) kernels.BackwardInput(dy, dx = dy.IsExclusive ? dy : new(x.Shape, x.Device));
        return weight is null ? [dx] : [dx, TakeIf(Needed(1), dw), TakeIf(Needed(2), db)];
    }

    private static Tensor? TakeIf(bool needed, Tensor? gradient)
    {
        if (!needed) gradient?.Release();
        return needed ? gradient : null;
    }

    private ILayerNorm CreateKernels() =>
        x.IsOnCpu ? new LayerNormCpu(x, rows, n, mean, invStd, weight) : CreateGpu();

    /// <summary>A method of its own, so that a process that uses only CPUs does not load ILGPU.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private LayerNormGpu CreateGpu() => new(x, rows, n, mean, invStd, weight);
}

/// <summary>The passes of layer normalization on one kind of device.</summary>
/// <remarks>
/// An implementation is made for one x, rows of n contiguous elements, with mean and invStd (1 / √(variance + eps)),
/// each [rows], and the weight, n elements or null for ones. x̂ = (x − mean)·invStd.
/// </remarks>
internal interface ILayerNorm
{
    /// <summary>Fills mean and invStd, and y = x̂·weight + bias.</summary>
    void Forward(Tensor? bias, float eps, Tensor y);

    /// <summary>
    /// dx = invStd·(g − Σg/n − x̂·Σg·x̂/n) for g = weight·dy, summed over the row; <paramref name="dx"/> may be
    /// <paramref name="dy"/>.
    /// </summary>
    void BackwardInput(Tensor dy, Tensor dx);

    /// <summary>Fills the sums over the rows of dy·x̂ and of dy, n elements each.</summary>
    void BackwardWeight(Tensor dy, Tensor dw, Tensor db);
}

/// <summary>What normalization ops check alike.</summary>
internal static class NormalizationOptions
{
    public static void CheckEps(string op, float eps)
    {
        if (!float.IsFinite(eps) || eps <= 0)
            throw new ArgumentOutOfRangeException(
                nameof(eps), FormattableString.Invariant($"{eps}"), $"{op}: eps must be a positive number.");
    }

    public static void CheckPair(string op, Tensor? weight, Tensor? bias)
    {
        if (weight is null != bias is null)
            throw new ArgumentException($"{op}: weight and bias are given together or not at all.");
    }
}

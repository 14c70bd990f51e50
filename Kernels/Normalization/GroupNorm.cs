using System.Runtime.CompilerServices;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Group normalization.</summary>
public static class GroupNormExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// Normalizes the channels of every item in groups: (x − mean) / √(variance + eps) · weight + bias, with the
        /// mean and the biased variance over the C / groups channels of a group and everything after the channels.
        /// </summary>
        /// <param name="groups">
        /// The number of groups, a divisor of C: 1 for all channels together, C for each alone (instance
        /// normalization).
        /// </param>
        /// <param name="weight">[C], or null for ones.</param>
        /// <param name="bias">[C], or null for zeros; given if and only if the weight is.</param>
        /// <param name="eps">Added to the variance, so that a constant group is not divided by zero; positive.</param>
        /// <returns>A tensor shaped like x, which is [N, C, *] of rank 2 or more.</returns>
        /// <exception cref="ShapeException">
        /// The rank of x is less than 2, its channels do not divide into groups, or weight or bias is not [C].
        /// </exception>
        /// <exception cref="ArgumentException">Only one of weight and bias is given.</exception>
        /// <exception cref="ArgumentOutOfRangeException">Eps is not positive, or groups is less than 1.</exception>
        /// <remarks>
        /// <c>torch.nn.functional.group_norm</c>. Deviations are taken from the means of blocks of rows, so a mean that
        /// is far from zero costs no accuracy. Backward reads x and two numbers per group. Tensors of rank 3, 5 and
        /// more are not stored with the channels last and are copied to that order and back.
        /// </remarks>
        /// <seealso href="https://arxiv.org/abs/1803.08494">Wu and He, 2018, §3.1</seealso>
        public Tensor GroupNorm(int groups, Tensor? weight = null, Tensor? bias = null, float eps = 1e-5f)
        {
            NormalizationOptions.CheckEps("GroupNorm", eps);
            NormalizationOptions.CheckPair("GroupNorm", weight, bias);
            ArgumentOutOfRangeException.ThrowIfLessThan(groups, 1);
            CheckShapes(x.Shape, groups, weight, bias);
            var op = new GroupNormOp(groups, eps);
            if (x.Rank == 4) return Apply(op, x, weight, bias);

            var pixels = 1;
            foreach (var extent in x.Shape.AsSpan()[2..]) pixels *= extent;
            var images = ReshapeOp.Apply(x, [x.Shape[0], x.Shape[1], pixels, 1], "GroupNorm");
            var y = Apply(op, images, weight, bias);
            images.Release();
            var result = ReshapeOp.Apply(y, x.Shape, "GroupNorm");
            y.Release();
            return result;
        }
    }

    private static Tensor Apply(GroupNormOp op, Tensor x, Tensor? weight, Tensor? bias) =>
        weight is null || bias is null ? op.Apply(x) : op.Apply(x, weight, bias);

    private static void CheckShapes(Shape x, int groups, Tensor? weight, Tensor? bias)
    {
        if (x.Rank < 2 || x[1] % groups != 0)
            throw Error($"[N, C, *] with channels that divide into {groups} groups");
        if ((weight ?? bias) is not null && (!IsPerChannel(weight!.Shape) || !IsPerChannel(bias!.Shape)))
            throw Error($"[{x[1]}] for weight and bias");

        bool IsPerChannel(Shape shape) => shape.Rank == 1 && shape[0] == x[1];

        ShapeException Error(FormattableString expected) => new(
            FormattableString.Invariant(expected) is var text && weight is not null
                ? $"GroupNorm: expected {text}, got {x}, weight {weight.Shape} and bias {bias!.Shape}."
                : $"GroupNorm: expected {text}, got {x}.");
    }
}

/// <summary>On [N, C, H, W], which is stored as N matrices of H·W rows and C columns.</summary>
internal sealed class GroupNormOp(int groups, float eps) : Op
{
    private Shape shape = null!;
    private Tensor x = null!, mean = null!, invStd = null!;     // [N, groups]; invStd is 1 / √(variance + eps)
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
            GroupNormCpu.Evaluate(x, groups, weight, bias, eps, y);
            return;
        }

        Shape perGroup = [x.Shape[0], groups];
        (mean, invStd) = (Save(new(perGroup, x.Device)), Save(new(perGroup, x.Device)));
        CreateKernels().Forward(bias, eps, y);
        if (IsRecorded) return;
        mean.Release();
        invStd.Release();
    }

    /// <summary>Before version 21 of the operators there is only its case of a channel per group.</summary>
    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x)
    {
        var ones = OnnxValue.Constant([groups], [.. Enumerable.Repeat(1f, groups)]);
        var zeros = OnnxValue.Constant([groups], new float[groups]);
        var grouped = graph.Reshape(x[0], [shape[0], groups, shape.Size / shape[0] / groups]);
        var normalized = graph.Add("InstanceNormalization", [grouped, ones, zeros], ("epsilon", eps));
        var y = graph.Reshape(normalized, shape.AsSpan());
        if (x.Length == 1) return y;
        var scaled = graph.Add("Mul", [y, graph.Reshape(x[1], [shape[1], 1, 1])]);
        return graph.Add("Add", [scaled, graph.Reshape(x[2], [shape[1], 1, 1])]);
    }

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        Shape perChannel = [x.Shape[0], x.Shape[1]];
        using TemporaryTensor sums = new(perChannel, x.Device), products = new(perChannel, x.Device);
        var kernels = CreateKernels();
        kernels.BackwardReduce(dy, sums, products);
        var dw = Needed(1) ? new Tensor(weight!.Shape, x.Device) : null;
        var db = Needed(2) ? new Tensor(weight!.Shape, x.Device) : null;
        if (dw is not null) Reduction.Run(products, [true, false], dw);
        if (db is not null) Reduction.Run(sums, [true, false], db);
        Tensor? dx = null;
        if (Needed(0)) kernels.BackwardInput(dy, sums, products, dx = dy.IsExclusive ? dy : new(x.Shape, x.Device));
        return weight is null ? [dx] : [dx, dw, db];
    }

    private IGroupNorm CreateKernels() => x.IsOnCpu ? CreateCpu() : CreateGpu();

    private unsafe GroupNormCpu CreateCpu() => new(x, groups, mean.Pointer, invStd.Pointer, weight);

    /// <summary>A method of its own, so that a process that uses only CPUs does not load ILGPU.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private GroupNormGpu CreateGpu() => new(x, groups, mean, invStd, weight);
}

/// <summary>The passes of group normalization on one kind of device.</summary>
/// <remarks>
/// An implementation is made for one x, [N, C, H, W], with mean and invStd (1 / √(variance + eps)), each [N, groups],
/// and the weight, [C] or null for ones. x̂ = (x − mean)·invStd.
/// </remarks>
internal interface IGroupNorm
{
    /// <summary>Fills mean and invStd, and y = x̂·weight + bias.</summary>
    void Forward(Tensor? bias, float eps, Tensor y);

    /// <summary>Fills the sums over the pixels of dy and of dy·x̂, each [N, C].</summary>
    void BackwardReduce(Tensor dy, Tensor sums, Tensor products);

    /// <summary>
    /// dx = invStd·(g − Σg/m − x̂·Σg·x̂/m) for g = weight·dy, summed over the m elements of the group;
    /// <paramref name="dx"/> may be <paramref name="dy"/>.
    /// </summary>
    /// <param name="dy">[N, C, H, W]</param>
    /// <param name="sums">The sums of dy over the pixels.</param>
    /// <param name="products">The sums of dy·x̂ over the pixels.</param>
    /// <param name="dx">[N, C, H, W]</param>
    void BackwardInput(Tensor dy, Tensor sums, Tensor products, Tensor dx);
}

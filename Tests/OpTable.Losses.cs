namespace PyNetSharp.Tests;

/// <content>Losses against labels, probabilities and values.</content>
public static partial class OpTable
{
    private static readonly int[] SomeIgnored = [4, -100, 2, 6, 0];

    private static OpRow[] Losses => [.. LabelLosses, .. ValueLosses];

    private static OpRow[] LabelLosses =>
    [
        LabelLoss("CrossEntropy, weighted", [3, 19], new(Labels), weighted: true),
        LabelLoss("CrossEntropy, smoothed", [3, 19], new(Labels), smoothing: 0.1f),
        .. from reduction in Enum.GetValues<LossReduction>()
           select LabelLoss(
               $"CrossEntropy, weighted, smoothed, ignored, {reduction}", [5, 7], new(SomeIgnored), true, 0.2f,
               reduction),
        .. from reduction in Enum.GetValues<LossReduction>()
           select new OpRow(
               $"CrossEntropy of pixels, {reduction}",
               x => x[0].CrossEntropy(PixelLabels(x[0].Shape), ClassWeights(x[0]), 255, 0.1f, reduction), [2, 5, 3, 4])
           {
               Reference = x => LabelLoss(LogSoftmax(x[0]), PixelLabels(x[0].Shape), true, 255, 0.1f, reduction),
               LargeShapes = [[4, 21, 32, 32]],
           },
        new("CrossEntropy of probabilities", x => x[0].CrossEntropy(x[1]), [3, 19], [3, 19])
        {
            Low = -3,
            High = 3,
            Reference = x => SoftLoss(x[0], x[1]).Sum(0, 1).Reshape([]).Map(v => v / 3),
            LargeShapes = [[3000, 20], [3000, 20]],
        },
        new(
            "CrossEntropy of pixels' probabilities",
            x => x[0].CrossEntropy(x[1], ClassWeights(x[0]), 0.1f, LossReduction.None), [2, 5, 3, 4], [2, 5, 3, 4]),
        new("NllLoss", x => x[0].NllLoss(new Labels(Labels)), [3, 19])
        {
            Step = 1,
            Reference = x => LabelLoss(x[0], new(Labels), false, -100, 0, LossReduction.Mean),
        },
        .. from reduction in Enum.GetValues<LossReduction>()
           select new OpRow(
               $"NllLoss of pixels, {reduction}",
               x => x[0].NllLoss(PixelLabels(x[0].Shape), ClassWeights(x[0]), 255, reduction), [2, 5, 3, 4])
           {
               Step = 1,
               Reference = x => LabelLoss(x[0], PixelLabels(x[0].Shape), true, 255, 0, reduction),
               LargeShapes = [[4, 21, 64, 64]],
           },
    ];

    private static OpRow[] ValueLosses =>
    [
        ValueLoss("MseLoss", (x, t) => x.MseLoss(t), d => d * d) with { Step = 1 },
        ValueLoss("MseLoss, Sum", (x, t) => x.MseLoss(t, LossReduction.Sum), d => d * d, LossReduction.Sum) with
        {
            Step = 1,
        },
        ValueLoss("MseLoss, None", (x, t) => x.MseLoss(t, LossReduction.None), d => d * d, LossReduction.None) with
        {
            Step = 1,
        },
        ValueLoss("L1Loss", (x, t) => (x + Offsets(x, 2, -2)).L1Loss(t), Math.Abs, offsets: [2, -2]),
        ValueLoss(
            "L1Loss, None", (x, t) => (x + Offsets(x, 2, -2)).L1Loss(t, LossReduction.None), Math.Abs,
            LossReduction.None, [2, -2]),
        ValueLoss(
            "HuberLoss", (x, t) => (x + Offsets(x, 0, 2, -2)).HuberLoss(t), d => Huber(d, 1), offsets: [0, 2, -2]),
        ValueLoss(
            "HuberLoss, Sum", (x, t) => (x + Offsets(x, 0, 2, -2)).HuberLoss(t, 1.25f, LossReduction.Sum),
            d => Huber(d, 1.25), LossReduction.Sum, [0, 2, -2]),
        ValueLoss(
            "SmoothL1Loss", (x, t) => (x + Offsets(x, 0, 2, -2)).SmoothL1Loss(t, 0.75f), d => Huber(d, 0.75) / 0.75,
            offsets: [0, 2, -2]),
        ValueLoss(
            "SmoothL1Loss of 0", (x, t) => (x + Offsets(x, 2, -2)).SmoothL1Loss(t, 0), Math.Abs, offsets: [2, -2]),
        new("BinaryCrossEntropy", x => x[0].BinaryCrossEntropyWithLogits(x[1]), [3, 19], [3, 19])
        {
            Low = -4,
            High = 4,
            Reference = x => x[0].Broadcast(x[1], BinaryCrossEntropy).Sum(0, 1).Reshape([]).Map(v => v / 57),
            LargeShapes = [[300, 700], [300, 700]],
        },
        new(
            "BinaryCrossEntropy, None", x => x[0].BinaryCrossEntropyWithLogits(x[1], reduction: LossReduction.None),
            [2, 3, 4, 5], [2, 3, 4, 5])
        {
            Low = -4,
            High = 4,
            Reference = x => x[0].Broadcast(x[1], BinaryCrossEntropy),
        },
        new(
            "BinaryCrossEntropy, weighted",
            x => x[0].BinaryCrossEntropyWithLogits(x[1], ClassWeights(x[0]), 2 * ClassWeights(x[0])),
            [3, 19], [3, 19]),
        new(
            "BinaryCrossEntropy with gradients of the weights",
            x => x[0].BinaryCrossEntropyWithLogits(x[1], x[2], x[3], LossReduction.Sum),
            [3, 19], [3, 19], [3, 1], [19]),
    ];

    private static IEnumerable<ShapeErrorRow> LossErrors =>
    [
        new("CrossEntropy", x => x[0].CrossEntropy(new Labels([1, 3, 4], new int[12])), [1, 4, 4, 3]),
        new("CrossEntropy", x => x[0].CrossEntropy(new Labels([1, 0]), x[1]), [2, 3], [2]),
        new("CrossEntropy", x => x[0].CrossEntropy(new Labels([1, 0]), reduction: LossReduction.Sum), [2, 3, 4]),
        new("CrossEntropy", x => x[0].CrossEntropy(x[1]), [2, 3], [2, 4]),
        new("CrossEntropy", x => x[0].CrossEntropy(x[0], x[1]), [2, 3], [3, 1]),
        new("NllLoss", x => x[0].NllLoss(new Labels([1])), [2, 3]),
        new("NllLoss", x => x[0].NllLoss(new Labels([1, 0]), x[1]), [2, 3], [4]),
        new("MseLoss", x => x[0].MseLoss(x[1]), [2, 3], [3]),
        new("L1Loss", x => x[0].L1Loss(x[1]), [2, 1], [2]),
        new("HuberLoss", x => x[0].HuberLoss(x[1]), [2, 3], [3, 2]),
        new("SmoothL1Loss", x => x[0].SmoothL1Loss(x[1]), [2, 3], [2, 1]),
        new("BinaryCrossEntropyWithLogits", x => x[0].BinaryCrossEntropyWithLogits(x[1]), [2, 1], [2]),
        new("BinaryCrossEntropyWithLogits", x => x[0].BinaryCrossEntropyWithLogits(x[0], x[1]), [2, 3], [4, 1, 3]),
        new("BinaryCrossEntropyWithLogits", x => x[0].BinaryCrossEntropyWithLogits(x[0], null, x[1]), [2, 3], [2]),
    ];

    private static OpRow LabelLoss(
        string name, Shape shape, Labels labels, bool weighted = false, float smoothing = 0,
        LossReduction reduction = LossReduction.Mean) =>
        new(
            name,
            x => x[0].CrossEntropy(labels, weighted ? ClassWeights(x[0]) : null, -100, smoothing, reduction), shape)
        {
            Low = -3,
            High = 3,
            Reference = x => LabelLoss(LogSoftmax(x[0]), labels, weighted, -100, smoothing, reduction),
        };

    private static OpRow ValueLoss(
        string name, Func<Tensor, Tensor, Tensor> op, Func<double, double> loss,
        LossReduction reduction = LossReduction.Mean, float[]? offsets = null) =>
        new(name, x => op(x[0], x[1]), [3, 19], [3, 19])
        {
            Low = 0,
            High = 0.4f,
            Reference = x =>
            {
                var losses = x[0].Broadcast(x[1], (a, b) => a - b);
                losses = ReferenceTensor.Of(losses.Shape, index => loss(
                    losses[index] + (offsets?[(index[0] * 19 + index[1]) % offsets.Length] ?? 0)));
                return reduction == LossReduction.None
                    ? losses
                    : losses.Sum(0, 1).Reshape([]).Map(v => reduction == LossReduction.Mean ? v / 57 : v);
            },
            LargeShapes = [[300, 700], [300, 700]],
        };

    /// <summary>Numbers that move some differences to one side of a kink, and others to the other.</summary>
    private static Tensor Offsets(Tensor x, params float[] cycle) => Tensor.From(
        x.Shape, [.. Enumerable.Range(0, x.Shape.Size).Select(i => cycle[i % cycle.Length])], x.Device);

    private static Tensor ClassWeights(Tensor x) => Tensor.From(
        [x.Shape[1]], [.. Enumerable.Range(0, x.Shape[1]).Select(c => (float)ClassWeight(c))], x.Device);

    private static double ClassWeight(int c) => 0.5 + c % 3 * 0.75;

    /// <summary>One label per pixel; every fifth is 255.</summary>
    private static Labels PixelLabels(Shape x)
    {
        Shape shape = [x[0], x[2], x[3]];
        var classes = Math.Max(1, x[1]);
        return new(shape, [.. Enumerable.Range(0, shape.Size).Select(i => i % 5 == 3 ? 255 : 7 * i % classes)]);
    }

    private static double Huber(double d, double delta) =>
        Math.Abs(d) <= delta ? d * d / 2 : delta * (Math.Abs(d) - delta / 2);

    private static double BinaryCrossEntropy(double x, double t) =>
        t * Math.Log(1 + Math.Exp(-x)) + (1 - t) * Math.Log(1 + Math.Exp(x));

    private static ReferenceTensor LogSoftmax(ReferenceTensor x) => Softmax(x).Map(Math.Log);

    private static ReferenceTensor SoftLoss(ReferenceTensor x, ReferenceTensor target) =>
        LogSoftmax(x).Broadcast(target, (log, t) => -log * t);

    /// <summary>As PyTorch documents it, row by row.</summary>
    private static ReferenceTensor LabelLoss(
        ReferenceTensor logs, Labels labels, bool weighted, int ignored, double smoothing, LossReduction reduction)
    {
        var (weightSum, classes) = (0.0, logs.Shape[1]);
        var losses = ReferenceTensor.Of(labels.Shape, index =>
        {
            var i = 0;
            for (var axis = 0; axis < index.Length; axis++) i = i * labels.Shape[axis] + index[axis];
            if (labels[i] == ignored) return 0;
            weightSum += Weight(labels[i]);
            var all = Enumerable.Range(0, classes).Sum(c => Weight(c) * -At(index, c));
            return (1 - smoothing) * Weight(labels[i]) * -At(index, labels[i]) + smoothing / classes * all;
        });
        if (reduction == LossReduction.None) return losses;
        var sum = losses.Values.ToArray().Sum();
        return new([], [reduction == LossReduction.Sum ? sum : sum / weightSum]);

        double At(int[] index, int c) => logs[[index[0], c, .. index[1..]]];

        double Weight(int c) => weighted ? ClassWeight(c) : 1;
    }
}

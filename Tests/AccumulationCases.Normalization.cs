namespace PyNetSharp.Tests;

/// <content>Layer and group normalization, and the gradient of a pixel that became very many.</content>
internal static partial class AccumulationCases
{
    private static IEnumerable<AccumulationCase> Normalizations =>
    [
        new("LayerNorm of one item", 1 << 18, (c, s) =>
        {
            var x = s.Next(1, 1 << 18);
            c.CheckNormalized(x, x.LayerNorm([1 << 18]), s);
        }, IsSmall: true),
        new("GroupNorm of one group", 1 << 18, (c, s) =>
        {
            var x = s.Next(1, 4, 256, 256);
            c.CheckNormalized(x, x.GroupNorm(1), s);
        }, IsSmall: true),
        .. from n in (int[])[1 << 11, 1 << 18]
           select new AccumulationCase($"Weight gradients of LayerNorm, {n} items", n, (c, s) =>
           {
               var (x, w, b) = (s.Next(n, 4), s.Next(4), s.Next(4));
               c.CheckWeightGradients(x, w, b, x.LayerNorm([4], w, b), i => i / 4, s);
           }, IsSmall: n == 1 << 11),
        new("Weight gradients of GroupNorm", 1 << 16, (c, s) =>
        {
            var (x, w, b) = (s.Next(1, 4, 256, 256), s.Next(4), s.Next(4));
            c.CheckWeightGradients(x, w, b, x.GroupNorm(1, w, b), _ => 0, s);
        }, IsSmall: true),
        .. from mode in Enum.GetValues<UpsampleMode>()
           from vertical in (bool[])[false, true]
           let name = $"Gradient of Upsample {mode}, {(vertical ? "rows" : "columns")}"
           select new AccumulationCase(name, 1 << 18, (c, s) =>
           {
               var (h, w) = vertical ? (1 << 18, 1) : (1, 1 << 18);
               var (x, dy) = (s.Next(1, 1, 1, 1), s.Next(1, 1, h, w));
               x.Upsample(size: (h, w), mode: mode).Backward(dy);
               c.CheckSums(x.Grad!, dy, 1, 1);
           }, IsSmall: true),
    ];

    /// <summary>One element and its gradient, of what was normalized by the statistics of all of x.</summary>
    private static void CheckNormalized(this AccumulationCase c, Tensor x, Tensor y, InputSource s)
    {
        var dy = s.Next([.. x.Shape]);
        double[] values = [.. x.ToArray()], gradients = [.. dy.ToArray()];
        var mean = values.Average();
        var invStd = 1 / Math.Sqrt(values.Average(v => (v - mean) * (v - mean)) + 1e-5f);
        double[] normalized = [.. values.Select(v => (v - mean) * invStd)];
        c.AssertClose(
            y.ToArray()[5], normalized[5], (values[5] + mean) * invStd + Math.Abs(normalized[5]), "value");
        y.Backward(dy);
        var product = gradients.Zip(normalized, (g, n) => g * n).Average();
        var size = gradients.Zip(normalized, (g, n) => Math.Abs(g * n)).Average() * Math.Abs(normalized[5]);
        c.AssertClose(
            x.Grad!.ToArray()[5], invStd * (gradients[5] - gradients.Average() - normalized[5] * product),
            invStd * (gradients[5] + gradients.Average() + size), "gradient");
    }

    /// <param name="c">The case.</param>
    /// <param name="x">Elements in order of the channels, of which there are 4, or 4 images of pixels.</param>
    /// <param name="w">[4]</param>
    /// <param name="b">[4]</param>
    /// <param name="y">The result.</param>
    /// <param name="set">The elements that an element is normalized with.</param>
    /// <param name="s">Draws dy.</param>
    private static void CheckWeightGradients(
        this AccumulationCase c, Tensor x, Tensor w, Tensor b, Tensor y, Func<int, int> set, InputSource s)
    {
        var dy = s.Next([.. x.Shape]);
        double[] values = [.. x.ToArray()], gradients = [.. dy.ToArray()];
        var statistics = values.Index().GroupBy(v => set(v.Index), v => v.Item).ToDictionary(v => v.Key, v =>
        {
            var mean = v.Average();
            return (Mean: mean, InvStd: 1 / Math.Sqrt(v.Average(u => (u - mean) * (u - mean)) + 1e-5f));
        });
        y.Backward(dy);
        var (dw, db) = (w.Grad!.ToArray(), b.Grad!.ToArray());
        for (var j = 0; j < 4; j++)
        {
            double sum = 0, size = 0, total = 0;
            for (var i = 0; i < values.Length; i++)
            {
                if ((x.Rank == 2 ? i % 4 : i / (values.Length / 4)) != j) continue;
                var (mean, invStd) = statistics[set(i)];
                sum += gradients[i] * (values[i] - mean) * invStd;
                size += gradients[i] * (values[i] + mean) * invStd;
                total += gradients[i];
            }

            c.AssertClose(dw[j], sum, size, $"weight {j}");
            c.AssertClose(db[j], total, total, $"bias {j}");
        }
    }
}

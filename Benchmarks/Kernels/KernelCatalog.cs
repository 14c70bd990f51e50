using PyNetSharp.Optimizers;

namespace PyNetSharp.Benchmarks;

/// <summary>The computations that the networks' steps consist of, and some matrix products.</summary>
internal static class KernelCatalog
{
    private static readonly (int M, int N, int K)[] Products =
        [(1024, 1024, 1024), (128, 4096, 9216), (2048, 96, 2400)];

    private static readonly (int M, int N, int K) LargeProduct = (4096, 4096, 4096);    // takes a CPU about a second

    /// <summary>Every kernel whose text contains <paramref name="filter"/>; a star stands for all.</summary>
    public static IEnumerable<KernelCase> Find(string filter, bool onGpu = false) =>
        Products.Concat(onGpu ? [LargeProduct] : []).Select(Product)
            .Concat(Grouped(batch: 32, channels: 128, groups: 128, size: 56))
            .Concat(((int[])[1, 4, 32]).SelectMany(groups => Grouped(batch: 16, channels: 64, groups, size: 32)))
            .Concat(LayerPasses(Workload.Standard.Where(workload => workload.Trains)))
            .Append(CrossEntropy(128, 10)).Append(CrossEntropy(128, 1000)).Append(Sgd(1 << 24))
            .Where(kernel => filter == "*" || kernel.ToString().Contains(filter, StringComparison.OrdinalIgnoreCase));

    /// <summary>The passes of every distinct layer of these networks.</summary>
    public static IEnumerable<KernelCase> LayerPasses(IEnumerable<Workload> workloads) =>
        from layer in BenchmarkLayer.Of(workloads)
        group layer by layer.Title into same
        let networks = string.Join(", ", same.Select(layer => layer.Network.Name).Distinct())
        from kernel in same.First().Passes(networks)
        select kernel;

    private static KernelCase Product((int M, int N, int K) extents)
    {
        var (m, n, k) = extents;
        var bytes = sizeof(float) * ((long)m * k + (long)k * n + (long)m * n);
        return new("", $"MatMul {m}×{k} · {k}×{n}", 2L * m * n * k, bytes, device =>
        {
            var rng = new Rng(1);
            var (a, b) = (Tensor.Uniform([m, k], -1, 1, rng, device), Tensor.Uniform([k, n], -1, 1, rng, device));
            return () => a.MatMul(b).Release();
        })
        {
            Product = new(m, n, k),
        };
    }

    /// <summary>
    /// The passes of a grouped 3×3 convolution; a depthwise one is limited by memory: images beyond the caches, read
    /// and written once. One of a single group is there to compare with.
    /// </summary>
    private static IEnumerable<KernelCase> Grouped(int batch, int channels, int groups, int size)
    {
        var name = (groups == channels ? "Depthwise " : "") + $"Conv2d 3×3 of {channels}"
            + (groups == channels ? "" : $" in groups: {groups}") + $", {size}×{size}, batch {batch}";
        var bytes = 2L * sizeof(float) * batch * channels * size * size;
        return
        [
            Case("forward", op => op.Forward), Case("input gradient", op => op.InputGradient),
            Case("weight gradient", op => op.WeightGradient),
        ];

        KernelCase Case(string pass, Func<GroupedPasses, Action> run) =>
            new("", $"{name}: {pass}", 0, bytes, device => run(new(device, [batch, channels, size, size], groups)));
    }

    private static KernelCase CrossEntropy(int batch, int classes) =>
        new("", $"CrossEntropy {batch}×{classes}: both passes", 0, 3L * sizeof(float) * batch * classes, device =>
        {
            var (rng, x) = (new Rng(1), Tensor.Uniform([batch, classes], -1, 1, new Rng(2), device));
            x.RequiresGrad = true;
            int[] labels = [.. Enumerable.Range(0, batch).Select(_ => rng.Next(classes))];
            return () =>
            {
                x.Grad = null;
                x.CrossEntropy(labels).Backward();
            };
        });

    private static KernelCase Sgd(int parameters) =>
        new("", $"Sgd with Nesterov, {parameters} parameters", 0, 5L * sizeof(float) * parameters, device =>
        {
            var weight = new Parameter(Tensor.Uniform([parameters], -1, 1, new Rng(1), device));
            weight.Grad = Tensor.Uniform([parameters], -1, 1, new Rng(2), device);
            var optimizer = new Sgd([weight], 0.01f, momentum: 0.9f, nesterov: true);
            return optimizer.Step;
        });
}

using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The kernels and steps that the benchmarks time, and the operations that they count.</summary>
public sealed class KernelCatalogTests
{
    private static readonly Workload[] LeNet = [.. Workload.Choose(["lenet5"], batch: 2, trains: true)];

    [Test]
    public void Every_layer_of_a_network_has_each_pass_once()
    {
        string[] names = [.. KernelCatalog.LayerPasses(LeNet).Select(kernel => kernel.Name)];
        Assert.That(names, Is.Unique);
        Assert.That(names.Where(name => name.EndsWith("forward", StringComparison.Ordinal)), Is.EqualTo((string[])
        [
            "Conv2d 5×5 1→6, 32×32, padding 0, batch 2: forward", "MaxPool2d 2×6×28×28→2×6×14×14: forward",
            "Conv2d 5×5 6→16, 14×14, padding 0, batch 2: forward", "MaxPool2d 2×16×10×10→2×16×5×5: forward",
            "Conv2d 5×5 16→120, 5×5, padding 0, batch 2: forward",
            "Linear 120→84, batch 2: forward", "Linear 84→10, batch 2: forward",
        ]));
        Assert.That(names, Does.Contain("Linear 84→10, batch 2: weight gradient"));
        Assert.That(names, Does.Contain("MaxPool2d 2×16×10×10→2×16×5×5: backward"));
    }

    /// <summary>What cuBLAS is compared with: all passes of linear layers and of 1×1 convolutions.</summary>
    [Test]
    public void Layers_that_are_matrix_products_say_which()
    {
        var workloads = Workload.Choose(["nin"], batch: 2, trains: true).Concat(LeNet);
        var products = KernelCatalog.LayerPasses(workloads).Where(kernel => kernel.Product is not null)
            .ToDictionary(kernel => kernel.Name, kernel => kernel.Product!.Value);
        Assert.That(products.Keys.All(IsProduct), Is.True);
        foreach (var kernel in KernelCatalog.LayerPasses(workloads).Where(kernel => kernel.Product is not null))
        {
            var (m, n, k, _, _) = kernel.Product!.Value;
            Assert.That(2L * m * n * k, Is.EqualTo(kernel.Operations), kernel.Name);
        }

        const string conv = "Conv2d 1×1 192→160, 32×32, batch 2: ", linear = "Linear 120→84, batch 2: ";
        Assert.That(products[conv + "forward"], Is.EqualTo(new MatrixProduct(2048, 160, 192, TransposeB: true)));
        Assert.That(products[conv + "input gradient"], Is.EqualTo(new MatrixProduct(2048, 192, 160)));
        Assert.That(products[linear + "weight gradient"], Is.EqualTo(new MatrixProduct(84, 120, 2, TransposeA: true)));

        static bool IsProduct(string name) =>
            name.StartsWith("Linear", StringComparison.Ordinal) || name.Contains("1×1", StringComparison.Ordinal);
    }

    /// <summary>BLAS takes column-major matrices, the engine has row-major ones.</summary>
    [Test]
    public void A_column_major_product_of_the_same_memory_is_the_row_major_one([Values] bool ta, [Values] bool tb)
    {
        var product = new MatrixProduct(3, 4, 5, ta, tb);
        var rng = new Rng(1);
        var (a, b) = (Tensor.Uniform(product.AShape, -1, 1, rng), Tensor.Uniform(product.BShape, -1, 1, rng));
        var expected = a.MatMul(b, ta, tb).ToArray();

        var (first, second, gemm) = (b.ToArray(), a.ToArray(), product.ToColumnMajor());
        var y = new float[product.M * product.N];
        for (var i = 0; i < gemm.M; i++)
            for (var j = 0; j < gemm.N; j++)
                for (var k = 0; k < gemm.K; k++)
                    y[i + j * gemm.ResultLeading] +=
                        first[gemm.TransposeFirst ? k + i * gemm.FirstLeading : i + k * gemm.FirstLeading]
                        * second[gemm.TransposeSecond ? j + k * gemm.SecondLeading : k + j * gemm.SecondLeading];
        Assert.That(y, Is.EqualTo(expected).Within(1e-6));
    }

    [Test]
    public void A_row_has_columns_for_cuBLAS_where_a_device_has_it()
    {
        var row = new KernelRow("MatMul", "", "cuda:0", "float32", 0.002, 2_000_000_000, 0, 2e12);
        const string rates = "cuda:0        2.000   1000.0      50 %";
        Assert.That(DeviceKernelTable.FormatRow(row, first: 0, hasPeer: false), Does.EndWith(rates));
        Assert.That(
            DeviceKernelTable.FormatRow(row with { CuBlasSeconds = 0.001 }, first: 0.02, hasPeer: true),
            Does.EndWith(rates + "                       10.0     1.000   2.00"));
        Assert.That(
            DeviceKernelTable.FormatRow(
                row with { Sensors = new(1980, null, null, null) }, first: 0, hasPeer: true),
            Does.Match(rates + " +1980 MHz$"));
    }

    [Test]
    public void Every_kernel_runs_repeatedly()
    {
        var device = new CpuDevice(threads: 2);
        foreach (var kernel in KernelCatalog.LayerPasses(LeNet))
        {
            var run = kernel.Prepare(device);
            run();
            Assert.That(run, Throws.Nothing, kernel.Name);
        }
    }

    [Test]
    public void Without_networks_the_standard_steps_are_chosen()
    {
        Assert.That(Workload.Choose([], null, null), Is.EqualTo(Workload.Standard));
        Assert.That(
            Workload.Choose([], null, trains: false).Select(workload => (workload.Network.Name, workload.Batch)),
            Is.EqualTo(((string, int)[])
            [
                ("nin", 128), ("nin", 1), ("nin-net", 16), ("nin-net", 1), ("alexnet", 16), ("alexnet", 1),
                ("alexnet-origin", 1), ("lenet5", 128), ("lenet5", 1),
            ]));
        Assert.That(
            Workload.Choose(["nin"], 1, trains: false), Has.Count.EqualTo(1), "of two standard steps at batch 1");
        Assert.That(Workload.Choose(["fcnet"], 7, trains: false), Is.EqualTo(
            (Workload[])[new(NetworkCatalog.Find("fcnet"), 7, Trains: false)]));
    }

    [Test]
    public void The_operations_of_a_step_are_those_of_direct_convolution()
    {
        // 222 M multiply-adds an image, three passes, but two for the first layer: it has no input gradient.
        var nin = Workload.Choose(["nin"], batch: null, trains: true).Single();
        Assert.That(nin.Operations, Is.EqualTo(2L * 128 * (3 * 222_486_528L - 32 * 32 * 192 * 75)));

        var (step, profile) = (new BenchmarkStep(LeNet[0], new CpuDevice(threads: 1)), new OpProfile(Device.Cpu));
        OpObserver.Current = profile;
        try
        {
            step.Run(profile);
        }
        finally
        {
            OpObserver.Current = null;
        }

        var counted = profile.Costs.Values.Sum(cost => cost.Flops);
        Assert.That(counted, Is.EqualTo(LeNet[0].Operations), "the profile's count");
    }
}

using System.Runtime.CompilerServices;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The tables of README and docs are those that the checked-in results give.</summary>
public sealed class ReportTests
{
    private static readonly Machine Somewhere = new("Some Processor", 2, "AVX2", "Some System");

    [Test]
    public void README_and_docs_have_the_tables_of_the_results()
    {
        foreach (var (path, table) in Report.Tables(Report.FindRepository(Path.GetDirectoryName(ThisFile())!)))
        {
            var document = File.ReadAllText(path);
            Assert.That(document, Is.EqualTo(Report.Insert(document, table)), $"{path}: run `Benchmarks -- report`.");
        }
    }

    [Test]
    public void A_comparison_becomes_a_table()
    {
        using var folder = new TemporaryFolder();
        new ResultFile<ComparisonRow>(Somewhere, [".NET 10.0.0", "PyTorch 1.13"], "2026-01-31",
        [
            new("nin", true, 128, 2, 7, new("PyNetSharp", 0.5, 0.45, 7, 700_000_000),
                [
                    new("PyTorch, contiguous", 2, 1.9, 7, 750_000_000),
                    new("PyTorch, channels-last", 1.25, 1.2, 7, 800_000_000),
                ]),
        ]).Write(folder["compare.json"]);

        Assert.That(Report.Summary(folder.Name), Is.EqualTo(
            """
            Some Processor, 2 cores, AVX2; .NET 10.0.0, PyTorch 1.13; 2026-01-31:

            | network | step | batch | PyNetSharp | PyTorch at its best | ratio |
            |---|---|---:|---:|---:|---:|
            | `nin` | training | 128 | 500 ms | 1,250 ms | **0.40** |


            """));
        Assert.That(Report.Details(folder.Name), Does.Contain(
            "| `nin` | training | 128 | **0.40** | 500 ms (450 ms, 700 MB) " +
            "| 2,000 ms (1,900 ms, 750 MB) | 1,250 ms (1,200 ms, 800 MB) |\n"));
    }

    [Test]
    public void A_comparison_with_several_peers_has_a_column_for_each_at_its_best()
    {
        using var folder = new TemporaryFolder();
        new ResultFile<ComparisonRow>(Somewhere, [".NET 10.0.0", "PyTorch 2.6 (OpenBLAS 0.3)"], "2026-01-31",
        [
            new("nin", true, 128, 2, 7, new("PyNetSharp", 0.5, 0.45, 7, 700_000_000),
                [new("PyTorch 2.6, contiguous", 2, 1.9, 7, 750_000_000)]),
            new("nin", false, 1, 2, 7, new("PyNetSharp", 0.002, 0.001, 700, 70_000_000) { Busy = 0.003 },
                [
                    new("PyTorch 2.6, contiguous", 0.005, 0.004, 700, 170_000_000) { Busy = 0.015 },
                    new("PyTorch 2.6, channels-last", 0.006, 0.005, 700, 170_000_000) { Busy = 0.007 },
                ]),
            new("lenet5", false, 1, 2, 7, new("PyNetSharp", 0.0001, 0.0001, 700, 70_000_000),
                [
                    new("ONNX Runtime 1.31, spinning", 0.0003, 0.0002, 700, 90_000_000),
                    new("ONNX Runtime 1.31, x", 0.0002, 0.0002, 700, 90_000_000),
                ]),
        ]).Write(folder["compare.json"]);

        Assert.That(Report.Summary(folder.Name), Does.EndWith(
            """
            | network | step | batch | PyNetSharp | PyTorch 2.6 at its best | ONNX Runtime 1.31 at its best | ratio |
            |---|---|---:|---:|---:|---:|---:|
            | `nin` | training | 128 | 500 ms | 2,000 ms |  | **0.25** |
            | `nin` | inference | 1 | 2.0 ms | 5.0 ms |  | **0.40** |
            | `lenet5` | inference | 1 | 0.100 ms |  | 0.200 ms | **0.50** |

            The ratio is to the best of the others.


            """));
        Assert.That(Report.Details(folder.Name), Does.EndWith(
            """
            | network | step | batch | ratio | PyNetSharp | PyTorch 2.6 | ONNX Runtime 1.31 |
            |---|---|---:|---:|---:|---:|---:|
            | `nin` | training | 128 | **0.25** | 500 ms (450 ms, 700 MB) | 2,000 ms (1,900 ms, 750 MB, contiguous) |  |
            | `nin` | inference | 1 | **0.40** | 2.0 ms (1.0 ms, 70 MB) | 5.0 ms (4.0 ms, 170 MB, contiguous) |  |
            | `lenet5` | inference | 1 | **0.50** | 0.100 ms (0.100 ms, 70 MB) |  | 0.200 ms (0.200 ms, 90 MB, x) |

            Median of a step (fastest step, peak resident memory, the configuration that was the best).

            The ratio is to the best of the others.

            Beside a process that keeps one core busy, and how many times as long that is:

            | network | step | batch | PyNetSharp | PyTorch 2.6 | ONNX Runtime 1.31 |
            |---|---|---:|---:|---:|---:|
            | `nin` | inference | 1 | 3.0 ms (1.50×) | 7.0 ms (1.40×) |  |


            """));
    }

    [Test]
    public void Steps_become_a_table()
    {
        using var folder = new TemporaryFolder();
        new ResultFile<StepRow>(Somewhere, [".NET 10.0.0"], "2026-01-31",
            [new("lenet5", true, 128, 2, 9, 0.0125, 1_000_000_000, 200e9, 61_000_000, 42_700, 0, 0)])
            .Write(folder["steps.json"]);

        Assert.That(Report.Details(folder.Name), Does.Contain(
            "| `lenet5` | training | 128 | 2 | 12.5 ms | 10,240 | 80 | 40 % of 200 | 61 MB | 43 KB | 0 | 0 |\n"));
    }

    [Test]
    public void Convolution_variants_become_a_table()
    {
        using var folder = new TemporaryFolder();
        new ResultFile<ConvVariantRow>(Somewhere, [".NET 10.0.0"], "2026-01-31",
            [new("naive", 1, 2, 2_000_000_000, 100e9, 0), new("fast", 2, 0.01, 2_000_000_000, 200e9, 1.1e-6)])
            .Write(folder["conv-variants.json"]);

        Assert.That(Report.ConvVariants(folder.Name), Does.EndWith(
            """
            | naive | 1 | 2,000 ms | 1.0 | 1.0× | 1× | 1 % | 0 |
            | fast | 2 | 10.0 ms | 200.0 | 200.0× | 200× | 100 % | 1.1E-06 |


            """));
    }

    [Test]
    public void Passes_become_a_table()
    {
        using var folder = new TemporaryFolder();
        new ResultFile<PassRow>(Somewhere, [".NET 10.0.0"], "2026-01-31",
            [new("Conv2d 5×5 3→8: forward", "nin", 0.02, 2_000_000_000, 200e9, 0.51)]).Write(folder["passes.json"]);

        Assert.That(
            Report.Details(folder.Name),
            Does.Contain("| Conv2d 5×5 3→8: forward | nin | 20.0 ms | 100 | 200 | 51 % |\n"));
    }

    [Test]
    public void Steps_on_several_devices_become_a_table()
    {
        using var folder = new TemporaryFolder();
        var cpu = new StepRow("nin", true, 128, 16, 9, 0.2, 40_000_000_000, 400e9, 900_000_000, 40_000, 0, 0);
        new ResultFile<StepRow>(Somewhere, [".NET 10.0.0", "cuda: Some GPU, CUDA 12.4"], "2026-01-31",
        [
            cpu with { Tensors = 300_000_000 },
            cpu with
            {
                Device = "cuda", Precision = "tf32", Seconds = 0.01, Peak = 8e12, Tensors = 350_000_000, Launches = 65,
            },
        ]).Write(folder["steps-cuda.json"]);

        var table = Report.Devices(folder.Name);
        Assert.That(
            table, Does.StartWith("Some Processor, 2 cores, AVX2; .NET 10.0.0, cuda: Some GPU, CUDA 12.4; 2026"));
        Assert.That(table, Does.Contain(
            "| cpu | float32 | 128 | 200 ms | 640 | 200 | 50 % of 400 | 1.0× | 0 | 300 MB | 0 |\n"));
        Assert.That(table, Does.Contain(
            "| cuda | tf32 | 128 | 10.0 ms | 12,800 | 4,000 | 50 % of 8,000 | 20.0× | 65 | 350 MB | 0 |\n"));
    }

    [Test]
    public void Kernels_on_several_devices_become_a_table()
    {
        using var folder = new TemporaryFolder();
        new ResultFile<KernelRow>(Somewhere, [".NET 10.0.0"], "2026-01-31",
        [
            new("MatMul", "", "cpu", "float32", 0.02, 2_000_000_000, 12_000_000, 200e9),
            new("MatMul", "", "cuda:0", "tf32", 0.0002, 2_000_000_000, 12_000_000, 20e12),
            new("Sgd", "", "cuda:0", "tf32", 0.0001, 0, 200_000_000, 2.5e12),
        ]).Write(folder["kernels-cuda.json"]);

        Assert.That(Report.Devices(folder.Name), Does.EndWith(
            """
            | kernel | cpu | cuda:0, tf32 | cuda:0, tf32, speedup |
            |---|---:|---:|---:|
            | MatMul | 20.0 ms, 100 GFLOP/s, 50 % | 0.200 ms, 10,000 GFLOP/s, 50 % | 100.0× |
            | Sgd |  | 0.100 ms, 2,000 GB/s, 80 % |  |

            Median of a run, rate, and its share of the device's limit, measured beside it: the peak of
            multiply-adds in the same precision, or the bandwidth.


            """));
    }

    [Test]
    public void Sensors_and_cuBLAS_have_columns_where_they_were_read()
    {
        using var folder = new TemporaryFolder();
        var sensors = new GpuSensors(1980, 412.3, 54, 70_100_000_000);
        new ResultFile<StepRow>(Somewhere, [".NET 10.0.0"], "2026-01-31",
            [
                new("nin", true, 128, 16, 9, 0.2, 40_000_000_000, 400e9, 0, 0, 0, 0)
                {
                    Device = "cuda", Sensors = sensors,
                },
            ])
            .Write(folder["steps-cuda.json"]);
        new ResultFile<KernelRow>(Somewhere, [".NET 10.0.0"], "2026-01-31",
        [
            new("MatMul", "", "cpu", "float32", 0.02, 2_000_000_000, 12_000_000, 200e9),
            new("MatMul", "", "cuda:0", "float32", 0.0002, 2_000_000_000, 12_000_000, 20e12)
            {
                CuBlasSeconds = 0.00016, Sensors = sensors,
            },
        ]).Write(folder["kernels-cuda.json"]);

        var table = Report.Devices(folder.Name);
        Assert.That(table, Does.Contain("| new blocks | clock, power, temperature, memory |\n"));
        Assert.That(table, Does.Contain(" | 0 | 1980 MHz, 412 W, 54 °C, 70.1 GB free |\n"));
        Assert.That(table, Does.Contain("| kernel | cpu | cuda:0 | cuda:0, speedup | cuda:0, cuBLAS (ratio) |\n"));
        Assert.That(table, Does.Contain(
            "10,000 GFLOP/s, 50 % (1980 MHz, 412 W, 54 °C, 70.1 GB free) | 100.0× | 0.160 ms (1.25) |\n"));
    }

    [Test]
    public void A_document_without_markers_is_refused() =>
        Assert.That(() => Report.Insert("# Title\n", "table\n"), Throws.TypeOf<InvalidDataException>());

    private static string ThisFile([CallerFilePath] string path = "") => path;
}

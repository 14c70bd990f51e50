using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace PyNetSharp.Tests;

/// <summary>
/// Which kernels ops and optimizers launch, with which type arguments: recorded by a device that launches nothing.
/// </summary>
internal static class LaunchedKernels
{
    // Of a laptop's GPU up to the largest
    private static readonly int[] ProcessorCounts = [4, 14, 46, 82, 132, 188];

    private static readonly Lazy<IReadOnlyCollection<Type>> NetworkKernels = new(() => Record(TrainEveryNetwork));

    /// <summary>Every row of the op table at both its sizes, every optimizer, and what runs between ops.</summary>
    public static IReadOnlyCollection<Type> All() => Record(RunEveryOp);

    /// <summary>
    /// A training step of every network, in batches of its recipe and in small ones, on small and large GPUs, in both
    /// precisions.
    /// </summary>
    public static IReadOnlyCollection<Type> ForNetworks() => NetworkKernels.Value;

    private static Type[] Record(Action<GpuDevice, LaunchRecorder> work)
    {
        using var context = Context.Create(builder => builder.CPU(CPUDeviceKind.Nvidia).Profiling());
        using var accelerator = context.GetCPUDevice(0).CreateCPUAccelerator(context);
        var recorder = new LaunchRecorder(accelerator);
        work(
            new(
                new("recorder", "records launches", long.MaxValue, "none"), accelerator, recorder,
                new MetaMemory(accelerator)),
            recorder);
        return [.. recorder.Traced.Keys];
    }

    private static void TrainEveryNetwork(GpuDevice device, LaunchRecorder recorder)
    {
        foreach (var network in NetworkCatalog.All)
        {
            Train(network, network.Recipe, device, recorder);
            if (network.Name == "nin") Train(network, NetworkCatalog.QuickStart, device, recorder);
        }
    }

    private static void Train(NetworkDefinition network, Recipe recipe, GpuDevice device, LaunchRecorder recorder)
    {
        var model = network.Create(new(network.Input, 10) { WidthMultiplier = recipe.WidthMultiplier }, new(1));
        model.To(device);
        var optimizer = recipe.CreateOptimizer(model.Parameters());
        foreach (var batch in (int[])[recipe.BatchSize, 2])
            foreach (var precision in Enum.GetValues<Precision>())
                foreach (var processors in ProcessorCounts)
                {
                    (recorder.ProcessorCount, device.Precision) = (processors, precision);
                    optimizer.ZeroGrad();
                    var labels = new Labels(new int[batch], device);
                    var scores = model.Forward(new([batch, .. network.Input.AsSpan()], device));
                    var loss = scores.CrossEntropy(labels);
                    new BatchMetricsLog().Add(scores, loss, labels);
                    loss.Backward();
                    optimizer.Step();
                }
    }

    private static void RunEveryOp(GpuDevice device, LaunchRecorder recorder)
    {
        foreach (var row in OpTable.Rows)
        {
            Run(row, row.Shapes, device);
            if (row.LargeShapes != row.Shapes) Run(row, row.LargeShapes, device);
        }

        foreach (var optimizer in OptimizerTests.Kinds.Values) Train(optimizer, device);
    }

    private static void Run(OpRow row, Shape[] shapes, Device device)
    {
        var x = shapes.Select(shape => Tensor.Zeros(shape, device)).ToArray();
        row.Op(x);
        foreach (var leaf in x) leaf.RequiresGrad = true;
        var y = row.Op(x);
        y.Backward(Tensor.Zeros(y.Shape, device));
    }

    private static void Train(Func<IEnumerable<Parameter>, Optimizer> kind, Device device)
    {
        var parameter = new Parameter(Tensor.Zeros([2, 3], device));
        var optimizer = kind([parameter]);
        var scores = parameter * parameter;
        var (loss, labels, log) = (scores.CrossEntropy(0, 1), new Labels([0, 1], device), new BatchMetricsLog());
        log.Add(scores, loss, labels);
        log.Add(loss, 2);
        _ = (scores.ArgMax(1), scores.ArgMin(0));
        loss.Backward();
        parameter.Backward(Tensor.Zeros([2, 3], device));
        parameter.Backward(Tensor.Zeros([2, 3], device));
        new[] { parameter }.ClipGradNorm(1);
        new[] { parameter }.ClipGradValue(1);
        optimizer.Step();
        var linear = new Linear(3, 2, new Rng(1));
        linear.To(device);
        var average = new ExponentialMovingAverage(linear);
        average.Update();
        average.Apply().Dispose();
        Tensor.CopyAll([(parameter, Tensor.Zeros([2, 3], device))]);
    }

    /// <summary>As on a GPU with tensor cores and a given number of multiprocessors.</summary>
    private sealed class LaunchRecorder(Accelerator accelerator) : KernelTracer(accelerator, new(accelerator))
    {
        public override bool HasTensorCores => true;

        public override int MultiprocessorCount => ProcessorCount;

        public int ProcessorCount { get; set; } = 132;
    }
}

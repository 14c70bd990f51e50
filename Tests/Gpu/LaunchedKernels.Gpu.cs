using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace PyNetSharp.Tests;

/// <summary>Which kernels ops and optimizers launch, with which type arguments: found by a device that only takes notes.</summary>
internal static class LaunchedKernels
{
    /// <summary>Every row of the op table at both its sizes, every optimizer, and what goes on between ops.</summary>
    public static IReadOnlyCollection<Type> All()
    {
        using var context = Context.Create(builder => builder.CPU(CPUDeviceKind.Nvidia).Profiling());
        using var accelerator = context.GetCPUDevice(0).CreateCPUAccelerator(context);
        var notes = new Notes(accelerator);
        var device = new GpuDevice(new("notes", "takes notes", long.MaxValue, "none"), accelerator, notes);
        foreach (var row in OpTable.Rows)
        {
            Run(row, row.Shapes, device);
            if (row.Large != row.Shapes) Run(row, row.Large, device);
        }

        foreach (var optimizer in OptimizerTests.Kinds.Values) Train(optimizer, device);
        return notes.Kernels;
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
        var (loss, labels, log) = (scores.CrossEntropy(0, 1), new Labels([0, 1], device), new ScoreLog());
        log.Note(scores, loss, labels);
        loss.Backward();
        parameter.Backward(Tensor.Zeros([2, 3], device));
        parameter.Backward(Tensor.Zeros([2, 3], device));
        new[] { parameter }.ClipGradNorm(1);
        optimizer.Step();
        Tensor.CopyAll([(parameter, Tensor.Zeros([2, 3], device))]);
    }

    private sealed class Notes(Accelerator accelerator) : KernelLaunchers(accelerator)
    {
        public HashSet<Type> Kernels { get; } = [];

        public override void Each<TKernel>(int count, TKernel kernel) => Kernels.Add(typeof(TKernel));

        public override void Groups<TKernel>(Index3D grid, TKernel kernel) => Kernels.Add(typeof(TKernel));
    }
}

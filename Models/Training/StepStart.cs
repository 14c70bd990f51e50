using PyNetSharp.Layers;
using PyNetSharp.Optimizers;

namespace PyNetSharp.Training;

/// <summary>
/// What the forward and backward passes of a step change, as it was when the step began: random generators, running
/// statistics, the sums of the epoch. Until the optimizer's update a fault can be undone.
/// </summary>
/// <remarks>Gradients are not restored: the next step begins with none.</remarks>
/// <param name="model">The model that is trained, on a CPU.</param>
/// <param name="optimizer">Of the model; its learning rate is set when a step begins.</param>
internal sealed class StepStart(Module model, Optimizer optimizer)
{
    private readonly Rng[] generators = [.. model.Generators().Select(generator => generator.Rng)];
    private readonly (Tensor Tensor, float[] Values)[] buffers =
    [
        .. model.State().Select(s => s.Tensor).Where(tensor => tensor is not Parameter)
            .Select(tensor => (tensor, new float[tensor.Shape.Size])),
    ];
    private ulong[] positions = [];
    private RunningEpoch? sums;
    private float learningRate;

    /// <summary>As <see cref="DeadReluDetector"/> counted them.</summary>
    public int ConstantBatches { get; private set; }

    /// <summary>Keeps what there is before the first batch of a step.</summary>
    public void Keep(EpochMetrics metrics, int constantBatches)
    {
        (sums, ConstantBatches, learningRate) = (metrics.ToSums(), constantBatches, optimizer.LearningRate);
        if (positions.Length < generators.Length) positions = new ulong[generators.Length];
        for (var i = 0; i < generators.Length; i++) positions[i] = generators[i].State;
        foreach (var (tensor, values) in buffers) tensor.CopyTo(values);
    }

    /// <summary>Puts it back.</summary>
    /// <returns>The sums of the epoch.</returns>
    public RunningEpoch Undo()
    {
        foreach (var (tensor, values) in buffers) tensor.CopyFrom(values);
        for (var i = 0; i < generators.Length; i++) generators[i].State = positions[i];
        optimizer.LearningRate = learningRate;
        return sums!;
    }
}

using PyNetSharp.Layers;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary>
/// Refuses a batch that cannot fit into a device's memory, before any of it is allocated: the size of images may come
/// from a file.
/// </summary>
internal static class ActivationMemory
{
    /// <summary>Checks a batch against a device's memory.</summary>
    /// <exception cref="InputException">It needs more than there is.</exception>
    public static void Check(
        Device device, IReadOnlyList<LayerSummary> layers, Shape item, int batchSize, bool isTraining)
    {
        var memory = device is CpuDevice cpu ? cpu.MemoryLimit
            : DeviceCatalog.Gpus.FirstOrDefault(gpu => gpu.Name == device.Name)?.Memory ?? long.MaxValue;
        var needed = LeastBytes(layers, item, batchSize, isTraining);
        if (needed <= memory) return;
        var use = isTraining ? "train" : "evaluate";
        throw new InputException(
            $"To {use} with a batch of {batchSize} items of {NumberFormatting.Shape(item)} takes more than " +
            $"{NumberFormatting.Bytes(needed)}, but {device} has {NumberFormatting.Bytes(memory)}. A smaller " +
            "--batch-size, --resize or --width needs less" + (isTraining ? ", and so do more --shards." : "."));
    }

    /// <summary>
    /// Less than a batch needs: its items, and the outputs of convolutions and linear layers, all of them where they
    /// are kept for the backward pass, otherwise the largest.
    /// </summary>
    internal static long LeastBytes(
        IReadOnlyList<LayerSummary> layers, Shape item, int batchSize, bool isTraining)
    {
        long[] outputs = [.. layers.Where(layer => layer.Module is Conv2d or Linear).Select(Size), 0];
        return sizeof(float) * batchSize * (item.Size + (isTraining ? outputs.Sum() : outputs.Max()));

        static long Size(LayerSummary layer) => layer.IsParameter ? 0 : layer.Output.Size;
    }
}

using PyNetSharp.Data;

namespace PyNetSharp.Training;

/// <summary>Which batches of an epoch go into which step of the optimizer.</summary>
/// <param name="train">The batches.</param>
/// <param name="batchesPerStep">At least 1; the last step of an epoch has the rest.</param>
internal sealed class AccumulationPlan(DataLoader train, int batchesPerStep)
{
    /// <summary>The optimizer's steps of an epoch.</summary>
    public int StepsPerEpoch => (train.BatchCount + batchesPerStep - 1) / batchesPerStep;

    /// <summary>The batches of an epoch.</summary>
    public int BatchCount => train.BatchCount;

    /// <summary>The batches of the first <paramref name="step"/> steps, over all epochs.</summary>
    public long BatchesBefore(long step)
    {
        var (epochs, rest) = Math.DivRem(step, StepsPerEpoch);
        return epochs * train.BatchCount + rest * batchesPerStep;
    }

    /// <summary>The step, from 1, that a batch belongs to.</summary>
    /// <param name="batch">The number of the batch over all epochs, from 0.</param>
    public long StepOf(long batch)
    {
        var (epochs, rest) = Math.DivRem(batch, train.BatchCount);
        return epochs * StepsPerEpoch + rest / batchesPerStep + 1;
    }

    /// <summary>Whether a batch, from 0 within its epoch, is the first of its step.</summary>
    public bool IsFirst(int batch) => batch % batchesPerStep == 0;

    /// <summary>Whether a batch, from 0 within its epoch, is the last of its step.</summary>
    public bool IsLast(int batch) => (batch + 1) % batchesPerStep == 0 || batch + 1 == train.BatchCount;

    /// <summary>The first batch of the step that a batch belongs to, both from 0 within their epoch.</summary>
    public int FirstOfStep(int batch) => batch - batch % batchesPerStep;

    /// <summary>The share of a step's items that one of its batches has: 1 if it is the only one.</summary>
    public float Share(int batch) => (float)((double)ItemsOf(batch) / StepItemsOf(batch));

    /// <summary>The items of a batch, from 0 within its epoch.</summary>
    public int ItemsOf(int batch) => (int)Items(batch, batch + 1);

    /// <summary>The items of all batches of the step that a batch belongs to.</summary>
    public long StepItemsOf(int batch)
    {
        var first = FirstOfStep(batch);
        return Items(first, first + batchesPerStep);
    }

    /// <summary>The items of the batches from one of an epoch to before another.</summary>
    private long Items(long first, long end) =>
        Math.Min(end * train.BatchSize, train.Count) - first * train.BatchSize;
}

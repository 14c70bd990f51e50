namespace PyNetSharp.Training;

/// <summary>A learning-rate schedule in epochs, as recipes have it: it fits any number of steps per epoch.</summary>
public abstract record EpochSchedule
{
    /// <summary>The schedule in steps.</summary>
    /// <param name="epochs">The length of the training, at least 1.</param>
    /// <param name="stepsPerEpoch">At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// An argument is outside its range, or the schedule does not fit into the training.
    /// </exception>
    public LearningRateSchedule InSteps(int epochs, int stepsPerEpoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epochs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stepsPerEpoch);
        return Create(epochs, stepsPerEpoch);
    }

    /// <summary>The schedule in steps, for arguments in their ranges.</summary>
    protected abstract LearningRateSchedule Create(int epochs, int stepsPerEpoch);
}

/// <summary><see cref="ConstantLR"/>.</summary>
public sealed record ConstantSchedule : EpochSchedule
{
    /// <inheritdoc/>
    protected override LearningRateSchedule Create(int epochs, int stepsPerEpoch) => new ConstantLR();
}

/// <summary><see cref="StepLR"/>.</summary>
/// <param name="Size">The epochs of a stage, at least 1.</param>
/// <param name="Gamma">The factor from one stage to the next, positive.</param>
public sealed record StepSchedule(int Size, double Gamma) : EpochSchedule
{
    /// <inheritdoc/>
    protected override LearningRateSchedule Create(int epochs, int stepsPerEpoch) =>
        new StepLR((long)Size * stepsPerEpoch, Gamma);
}

/// <summary><see cref="CosineAnnealingLR"/> with a warm-up of some epochs.</summary>
/// <param name="Warmup">The epochs of the warm-up, from 0 up to, not including, those of the training.</param>
public sealed record CosineSchedule(int Warmup = 0) : EpochSchedule
{
    /// <inheritdoc/>
    protected override LearningRateSchedule Create(int epochs, int stepsPerEpoch) =>
        new CosineAnnealingLR((long)epochs * stepsPerEpoch, (long)Warmup * stepsPerEpoch);
}

/// <summary><see cref="CosineAnnealingLR"/> with a warm-up that is a share of the training.</summary>
/// <param name="WarmupPercent">The share in percent, from 0 up to, not including, 100.</param>
public sealed record CosinePercentSchedule(double WarmupPercent) : EpochSchedule
{
    /// <inheritdoc/>
    protected override LearningRateSchedule Create(int epochs, int stepsPerEpoch)
    {
        var total = (long)epochs * stepsPerEpoch;
        return new CosineAnnealingLR(total, (long)(total * WarmupPercent / 100));
    }
}

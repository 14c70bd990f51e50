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
        return Create((long)epochs * stepsPerEpoch, stepsPerEpoch);
    }

    /// <summary>The schedule in steps, for arguments in their ranges.</summary>
    /// <param name="steps">Those that the schedule lasts, at least 1.</param>
    /// <param name="stepsPerEpoch">At least 1.</param>
    protected abstract LearningRateSchedule Create(long steps, int stepsPerEpoch);

    /// <summary>Another schedule in steps, for one that is built on it.</summary>
    private protected static LearningRateSchedule CreateOther(EpochSchedule other, long steps, int stepsPerEpoch) =>
        other.Create(steps, stepsPerEpoch);

    private protected static ArgumentOutOfRangeException OutOfRange(string name, double value, string rule) =>
        new(name, FormattableString.Invariant($"{value}"), rule);
}

/// <summary><see cref="ConstantLR"/>.</summary>
public sealed record ConstantSchedule : EpochSchedule
{
    /// <inheritdoc/>
    protected override LearningRateSchedule Create(long steps, int stepsPerEpoch) => new ConstantLR();
}

/// <summary><see cref="StepLR"/>.</summary>
/// <param name="Size">The epochs of a stage, at least 1.</param>
/// <param name="Gamma">The factor from one stage to the next, positive.</param>
public sealed record StepSchedule(int Size, double Gamma) : EpochSchedule
{
    /// <inheritdoc/>
    protected override LearningRateSchedule Create(long steps, int stepsPerEpoch) =>
        new StepLR((long)Size * stepsPerEpoch, Gamma);
}

/// <summary><see cref="CosineAnnealingLR"/> with a warm-up of some epochs.</summary>
/// <param name="Warmup">The epochs of the warm-up, from 0 up to, not including, those of the training.</param>
public sealed record CosineSchedule(int Warmup = 0) : EpochSchedule
{
    /// <inheritdoc/>
    protected override LearningRateSchedule Create(long steps, int stepsPerEpoch) =>
        new CosineAnnealingLR(steps, (long)Warmup * stepsPerEpoch);
}

/// <summary><see cref="CosineAnnealingLR"/> with a warm-up that is a share of the training.</summary>
/// <param name="WarmupPercent">The share in percent, from 0 up to, not including, 100.</param>
public sealed record CosinePercentSchedule(double WarmupPercent) : EpochSchedule
{
    /// <inheritdoc/>
    protected override LearningRateSchedule Create(long steps, int stepsPerEpoch) =>
        new CosineAnnealingLR(steps, (long)(steps * WarmupPercent / 100));
}

/// <summary><see cref="ExponentialLR"/> in epochs: the rate is multiplied after every epoch.</summary>
/// <param name="Gamma">The factor from one epoch to the next, positive.</param>
public sealed record ExponentialSchedule(double Gamma) : EpochSchedule
{
    /// <inheritdoc/>
    protected override LearningRateSchedule Create(long steps, int stepsPerEpoch) => new StepLR(stepsPerEpoch, Gamma);
}

/// <summary><see cref="PolynomialLR"/> over the whole training.</summary>
/// <param name="Power">The exponent, positive.</param>
public sealed record PolynomialSchedule(double Power = 1) : EpochSchedule
{
    /// <inheritdoc/>
    protected override LearningRateSchedule Create(long steps, int stepsPerEpoch) => new PolynomialLR(steps, Power);
}

/// <summary><see cref="OneCycleLR"/> over the whole training.</summary>
/// <param name="RisePercent">The share of the training in which the rate rises, in percent, from 0 to 100.</param>
public sealed record OneCycleSchedule(double RisePercent = 30) : EpochSchedule
{
    /// <inheritdoc/>
    protected override LearningRateSchedule Create(long steps, int stepsPerEpoch) =>
        new OneCycleLR(steps, RisePercent / 100);
}

/// <summary>
/// <see cref="ReduceLROnPlateau"/> by the validation loss, without validation items by the training loss.
/// </summary>
/// <param name="Factor">The factor of a reduction, above 0 and below 1.</param>
/// <param name="Patience">The epochs without improvement that do not reduce the rate, from 0 up.</param>
public sealed record PlateauSchedule(double Factor = 0.1, int Patience = 10) : EpochSchedule
{
    /// <inheritdoc/>
    protected override LearningRateSchedule Create(long steps, int stepsPerEpoch) =>
        new ReduceLROnPlateau(factor: Factor, patience: Patience);
}

/// <summary><see cref="LinearWarmupLR"/> before another schedule, which lasts for the rest of the training.</summary>
/// <param name="Epochs">The epochs of the warm-up, from 0 up to, not including, those of the training.</param>
/// <param name="Schedule">What follows.</param>
public sealed record WarmupSchedule(int Epochs, EpochSchedule Schedule) : EpochSchedule
{
    /// <inheritdoc/>
    protected override LearningRateSchedule Create(long steps, int stepsPerEpoch)
    {
        var warmup = (long)Epochs * stepsPerEpoch;
        return warmup >= 0 && warmup < steps
            ? new LinearWarmupLR(warmup, CreateOther(Schedule, steps - warmup, stepsPerEpoch))
            : throw OutOfRange(
                nameof(Epochs), Epochs,
                $"The warm-up must be from 0 up to, not including, the training's epochs, {steps / stepsPerEpoch}.");
    }
}

/// <summary><see cref="WarmupSchedule"/> with a warm-up that is a share of the training.</summary>
/// <param name="Percent">The share in percent, from 0 up to, not including, 100.</param>
/// <param name="Schedule">What follows.</param>
public sealed record WarmupPercentSchedule(double Percent, EpochSchedule Schedule) : EpochSchedule
{
    /// <inheritdoc/>
    protected override LearningRateSchedule Create(long steps, int stepsPerEpoch)
    {
        if (!(Percent >= 0 && Percent < 100))
            throw OutOfRange(
                nameof(Percent), Percent,
                "The share of the warm-up must be from 0 up to, not including, 100 percent.");
        var warmup = (long)(steps * Percent / 100);
        return new LinearWarmupLR(warmup, CreateOther(Schedule, steps - warmup, stepsPerEpoch));
    }
}

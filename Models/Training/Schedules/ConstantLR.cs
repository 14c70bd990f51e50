namespace PyNetSharp.Training;

/// <summary>The same learning rate from beginning to end.</summary>
public sealed class ConstantLR : LearningRateSchedule
{
    /// <inheritdoc/>
    protected override double Factor(long time) => 1;
}

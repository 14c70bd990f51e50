using System.Text.Json.Serialization;

namespace PyNetSharp.Training;

/// <summary>The result of one epoch of training: a line of <c>metrics.jsonl</c>.</summary>
/// <param name="Epoch">The number of the epoch, from 1.</param>
/// <param name="Step">The optimizer's steps so far, over all epochs.</param>
/// <param name="TrainLoss">The mean loss over the epoch's items; NaN if it was not finite.</param>
/// <param name="TrainAccuracy">
/// The share of training items classified correctly, 0 to 1; null where not measured, as where items have no labels.
/// </param>
/// <param name="TestAccuracy">The share of test items classified correctly, 0 to 1; null where not measured.</param>
/// <param name="Seconds">The duration of the epoch's training, without the evaluation after it.</param>
/// <param name="ImagesPerSecond">Training items per second.</param>
/// <param name="LearningRate">The learning rate of the epoch's last step.</param>
/// <param name="TestLoss">The mean loss over the test items; null where not measured.</param>
/// <param name="TestSeconds">The duration of the evaluation on the test items; null where not measured.</param>
/// <param name="ValidationAccuracy">
/// The share of validation items classified correctly, 0 to 1; null where not measured.
/// </param>
/// <param name="ValidationLoss">The mean loss over the validation items; null where not measured.</param>
/// <param name="ConstantClasses">
/// The number of <see cref="Evaluation.ConstantClasses"/> of the validation items, without them of the test items; null
/// where there are none, or not measured.
/// </param>
public sealed record EpochRecord(
    int Epoch,
    long Step,
    double TrainLoss,
    double? TrainAccuracy,
    double? TestAccuracy,
    double Seconds,
    double ImagesPerSecond,
    double LearningRate,
    double? TestLoss = null,
    double? TestSeconds = null,
    double? ValidationAccuracy = null,
    double? ValidationLoss = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? ConstantClasses = null);

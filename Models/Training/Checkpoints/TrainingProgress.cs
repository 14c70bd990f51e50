using System.Text.Json;
using System.Text.Json.Serialization;

namespace PyNetSharp.Training;

/// <summary>What a trainer has done between two of its steps, beside the tensors that it changed.</summary>
/// <param name="Step">The optimizer's steps done.</param>
/// <param name="Epochs">The results of the whole epochs.</param>
/// <param name="Running">The sums of the epoch that is not whole; null between two epochs.</param>
/// <param name="Part">The result with which training ended in that epoch; null while it goes on.</param>
/// <param name="LearningRate">That of the last step; null before the first, or where not known.</param>
/// <param name="LearningRateFactor">The product of the factors of all rollbacks.</param>
/// <param name="Rollbacks">Their number.</param>
/// <param name="ConstantBatches">As <see cref="DeadReluDetector"/> counts them.</param>
/// <param name="Shards">The shards of a batch; null for one.</param>
internal sealed record TrainingProgress(
    long Step,
    IReadOnlyList<EpochRecord> Epochs,
    RunningEpoch? Running = null,
    EpochRecord? Part = null,
    float? LearningRate = null,
    double LearningRateFactor = 1,
    int Rollbacks = 0,
    int ConstantBatches = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Shards = null)
{
    private static readonly MetricsJson Json = new(new JsonSerializerOptions(MetricsFile.Options())
    {
        RespectNullableAnnotations = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    });

    /// <summary>The epochs, whole or not.</summary>
    [JsonIgnore]
    public IReadOnlyList<EpochRecord> History => Part is null ? Epochs : [.. Epochs, Part];

    /// <summary>As JSON in one line; doubles keep all their bits.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json.TrainingProgress);

    /// <summary>Reads <see cref="ToJson"/>.</summary>
    /// <exception cref="JsonException">The text is not that of a progress.</exception>
    public static TrainingProgress FromJson(string json)
    {
        var progress = JsonSerializer.Deserialize(json, Json.TrainingProgress)
            ?? throw new JsonException("null where the progress of a training was expected.");
        return progress.IsValid ? progress : throw new JsonException("a number is outside its range.");
    }

    private bool IsValid =>
        Step >= 0 && Rollbacks >= 0 && ConstantBatches >= 0 && Shards is null or > 1
        && LearningRateFactor is > 0 and <= 1
        && Epochs.All(epoch => epoch is { Epoch: > 0, Step: > 0 } && epoch.Step <= Step)
        && Running is null or { Epoch: > 0, Batches: >= 0, Items: >= 0, Correct: null or >= 0 }
        && (Part is null || (Part.Step == Step && Part.Epoch == Running?.Epoch));
}

/// <summary>The sums over the batches of an epoch so far.</summary>
/// <param name="Epoch">The number of the epoch, from 1.</param>
/// <param name="Batches">The batches done.</param>
/// <param name="Items">The items whose losses are in the sum.</param>
/// <param name="LossSum">The sum of the items' losses.</param>
/// <param name="Correct">The items classified correctly; null where items have no labels.</param>
/// <param name="Seconds">The time spent.</param>
internal sealed record RunningEpoch(int Epoch, int Batches, int Items, double LossSum, int? Correct, double Seconds);

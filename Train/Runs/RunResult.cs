using System.Text.Json.Nodes;
using PyNetSharp.Layers;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>How a run ended.</summary>
/// <param name="Status">complete, stopped or failed.</param>
/// <param name="Step">The steps done.</param>
/// <param name="Best">The best epoch; null if there is none.</param>
/// <param name="TestAccuracy">Of its weights, 0 to 1; null where not measured.</param>
/// <param name="TrainAccuracy">The highest of any epoch; null where not measured.</param>
/// <param name="Folder">Where the results are.</param>
/// <param name="Command">The command that continues it; null if there is none.</param>
/// <param name="Error">What ended it; null if nothing did.</param>
internal sealed record RunResult(
    string Status, long Step, EpochRecord? Best, double? TestAccuracy, double? TrainAccuracy, string Folder,
    string? Command, string? Error)
{
    public const string Complete = "complete";

    /// <summary>The result of a trainer that has ended.</summary>
    public static RunResult Of(
        Trainer trainer, int epochs, double? testAccuracy, string folder, string? command, Exception? fault) => new(
        fault is not null ? "failed" : trainer.IsComplete(epochs) ? Complete : "stopped",
        trainer.Step, trainer.Best, testAccuracy, trainer.BestTrainAccuracy, folder, command,
        fault is null ? null : ErrorText.Clean(fault.Message));

    /// <summary>The result of a run that an earlier process ended with a loss that was not finite.</summary>
    public static RunResult OfDiverged(string folder, EpochRecord epoch) => new(
        "failed", epoch.Step, null, null, null, folder, null,
        FormattableString.Invariant($"the loss was not finite in epoch {epoch.Epoch}"));

    /// <summary>As <see cref="TrainingEvents"/> prints it.</summary>
    public JsonObject ToJson() => new()
    {
        ["status"] = Status,
        ["step"] = Step,
        ["best_epoch"] = Best?.Epoch,
        ["validation_accuracy"] = Best?.ValidationAccuracy,
        ["test_accuracy"] = TestAccuracy,
        ["train_accuracy"] = TrainAccuracy,
        ["run"] = Folder,
        ["continue"] = Command,
        ["error"] = Error,
    };
}

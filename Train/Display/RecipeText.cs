using PyNetSharp.Models;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>How a network is trained, in one line.</summary>
internal static class RecipeText
{
    /// <summary>adam, learning rate 0.001, batch 16, 3 epochs</summary>
    /// <param name="recipe">The training.</param>
    /// <param name="accumulate">The batches of one step.</param>
    /// <param name="shards">The shards of one batch.</param>
    public static string Describe(Recipe recipe, int accumulate = 1, int shards = 1)
    {
        var hasMomentum = recipe.Optimizer == OptimizerKind.Sgd
            || recipe is { Optimizer: OptimizerKind.RMSprop, Momentum: > 0 };
        var nesterov = recipe is { Optimizer: OptimizerKind.Sgd, Nesterov: true } ? " (Nesterov)" : "";
        var batches = (accumulate == 1 ? "" : $" times {accumulate}") + (shards == 1 ? "" : $" in {shards} shards");
        string?[] facts =
        [
            recipe.Optimizer.ToString().ToLowerInvariant(),
            $"learning rate {NumberFormatting.Number(recipe.LearningRate)}",
            hasMomentum ? $"momentum {NumberFormatting.Number(recipe.Momentum)}{nesterov}" : null,
            recipe.WeightDecay == 0 ? null : $"weight decay {NumberFormatting.Number(recipe.WeightDecay)}",
            recipe.Schedule is ConstantSchedule ? null : $"schedule {ScheduleText.Format(recipe.Schedule)}",
            $"batch {recipe.BatchSize}{batches}",
            NumberFormatting.Count(recipe.Epochs, "epoch"),
        ];
        return string.Join(", ", facts.Where(fact => fact is not null));
    }

    /// <summary>What <c>--augment</c> does to images.</summary>
    public static string DescribeAugmentation(Shape item) =>
        "random crop with padding 4" + (item[0] > 1 ? " and horizontal flip with p = 0.5" : "");

    /// <summary>What is measured, printed and kept in training, beside the line at the end of each epoch.</summary>
    public static string DescribeReports(Recipe recipe)
    {
        var chooser = recipe.Validation == 0 ? "test" : "validation";
        var heldOut = recipe.Validation < 1
            ? $"{NumberFormatting.Number(100 * recipe.Validation)} % of the training items"
            : $"{NumberFormatting.Count((long)recipe.Validation)} training items";
        string?[] facts =
        [
            recipe.Validation == 0 ? null : $"{heldOut} held out for validation",
            recipe.EvaluateEvery == 1
                ? $"{chooser} accuracy after every epoch"
                : $"{chooser} accuracy, and the lists of all losses and accuracies, " +
                    $"every {recipe.EvaluateEvery} epochs",
            recipe.TestEvery == 0 || recipe.Validation == 0 ? null
                : recipe.TestEvery == 1 ? "test accuracy after every epoch"
                : $"test accuracy every {recipe.TestEvery} epochs",
            recipe.LogEvery == 0 ? null : $"a line every {Batches(recipe.LogEvery)}",
            recipe.SaveEvery == 0 ? null : $"weights kept every {Batches(recipe.SaveEvery)}",
        ];
        return string.Join("; ", facts.Where(fact => fact is not null));

        static string Batches(int every) => every == 1 ? "batch" : $"{NumberFormatting.Count(every)} batches";
    }
}

using System.Globalization;
using PyNetSharp.Models;
using PyNetSharp.Optimizers;

namespace PyNetSharp.Training;

/// <summary>Makes what a recipe names.</summary>
public static class RecipeExtensions
{
    extension(Recipe recipe)
    {
        /// <summary>The recipe's optimizer.</summary>
        /// <param name="parameters">What to train, already on its device.</param>
        public Optimizer CreateOptimizer(IEnumerable<Parameter> parameters)
        {
            ArgumentNullException.ThrowIfNull(recipe);
            return recipe.Optimizer == OptimizerKind.Adam
                ? new Adam(parameters, recipe.LearningRate, weightDecay: recipe.WeightDecay)
                : new Sgd(
                    parameters, recipe.LearningRate, recipe.Momentum,
                    weightDecay: recipe.WeightDecay, nesterov: recipe.Nesterov);
        }

        /// <summary>The recipe's schedule, in steps.</summary>
        /// <param name="batches">Steps per epoch, at least 1; the recipe counts in epochs.</param>
        /// <exception cref="InputException">It is none of none, step:SIZE:GAMMA and cosine[:WARMUP].</exception>
        /// <remarks>A warm-up that is a share fits into a training of any length; a number of epochs may not.</remarks>
        public LearningRateSchedule CreateSchedule(int batches)
        {
            ArgumentNullException.ThrowIfNull(recipe);
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batches);
            var total = (long)recipe.Epochs * batches;
            return recipe.Schedule.Split(':') switch
            {
                ["none"] => new ConstantLR(),
                ["step", var size, var gamma]
                    when ParseInteger(size) is >= 1 and var epochs && ParseNumber(gamma) is > 0 and <= 1 and var factor =>
                    new StepLR((long)epochs * batches, factor),
                ["cosine"] => new CosineAnnealingLR(total),
                ["cosine", [.. var share, '%']] when ParseNumber(share) is >= 0 and < 100 and var percent =>
                    new CosineAnnealingLR(total, (long)(total * percent / 100)),
                ["cosine", var warmup] when ParseInteger(warmup) is >= 0 and var epochs && epochs < recipe.Epochs =>
                    new CosineAnnealingLR(total, (long)epochs * batches),
                _ => throw new InputException(
                    $"schedule '{recipe.Schedule}': expected none, step:SIZE:GAMMA (epochs, from 1 up; a factor above " +
                    $"0 and up to 1) or cosine[:WARMUP] (epochs, fewer than the {recipe.Epochs} of the training; or " +
                    "a share of it, as in cosine:20%)."),
            };
        }
    }

    private static int? ParseInteger(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null;

    private static double? ParseNumber(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var x) ? x : null;
}

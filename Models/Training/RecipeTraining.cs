using System.Globalization;

namespace PyNetSharp;

/// <summary>Makes what a recipe names.</summary>
public static class RecipeTraining
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
                    when Whole(size) is >= 1 and var epochs && Real(gamma) is > 0 and <= 1 and var factor =>
                    new StepLR((long)epochs * batches, factor),
                ["cosine"] => new CosineLR(total),
                ["cosine", [.. var share, '%']] when Real(share) is >= 0 and < 100 and var percent =>
                    new CosineLR(total, (long)(total * percent / 100)),
                ["cosine", var warmup] when Whole(warmup) is >= 0 and var epochs && epochs < recipe.Epochs =>
                    new CosineLR(total, (long)epochs * batches),
                _ => throw new InputException(
                    $"schedule '{recipe.Schedule}': expected none, step:SIZE:GAMMA (epochs, from 1 up; a factor above " +
                    $"0 and up to 1) or cosine[:WARMUP] (epochs, fewer than the {recipe.Epochs} of the training; or " +
                    "a share of it, as in cosine:20%)."),
            };
        }
    }

    private static int? Whole(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null;

    private static double? Real(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var x) ? x : null;
}

using PyNetSharp.Models;
using PyNetSharp.Optimizers;

namespace PyNetSharp.Training;

/// <summary>Constructs what a recipe describes.</summary>
public static class RecipeExtensions
{
    extension(Recipe recipe)
    {
        /// <summary>The recipe's optimizer.</summary>
        /// <param name="parameters">The parameters to train, already on their device.</param>
        public Optimizer CreateOptimizer(IEnumerable<Parameter> parameters)
        {
            ArgumentNullException.ThrowIfNull(recipe);
            return recipe.Optimizer switch
            {
                OptimizerKind.Adam => new Adam(parameters, recipe.LearningRate, weightDecay: recipe.WeightDecay),
                OptimizerKind.AdamW => new AdamW(parameters, recipe.LearningRate, weightDecay: recipe.WeightDecay),
                OptimizerKind.RMSprop => new RMSprop(
                    parameters, recipe.LearningRate, weightDecay: recipe.WeightDecay, momentum: recipe.Momentum),
                _ => new Sgd(
                    parameters, recipe.LearningRate, recipe.Momentum,
                    weightDecay: recipe.WeightDecay, nesterov: recipe.Nesterov),
            };
        }

        /// <summary>The recipe's schedule, in steps.</summary>
        /// <param name="batches">Steps per epoch, at least 1; the recipe counts in epochs.</param>
        /// <exception cref="ArgumentOutOfRangeException">
        /// The schedule does not fit into the recipe's epochs, or a number is outside its range.
        /// </exception>
        public LearningRateSchedule CreateSchedule(int batches)
        {
            ArgumentNullException.ThrowIfNull(recipe);
            return recipe.Schedule.InSteps(recipe.Epochs, batches);
        }
    }
}

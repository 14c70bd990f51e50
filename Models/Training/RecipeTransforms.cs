using PyNetSharp.Data;
using PyNetSharp.Models;

namespace PyNetSharp.Training;

/// <summary>The transforms that a recipe applies to a data set's items.</summary>
public static class RecipeTransforms
{
    private const int Padding = 4;          // pixels that a crop may move an image, of 32 or so

    extension(Recipe recipe)
    {
        /// <summary>The recipe's transforms for the items of a data set.</summary>
        /// <param name="train">
        /// The training part. Images are resized and normalized as the recipe says; other items have each feature
        /// standardized to mean 0 and deviation 1 over this part, as their units are arbitrary.
        /// </param>
        /// <param name="augment">
        /// Whether images get a random crop with padding 4 and color images a horizontal flip with p = 0.5; gray ones
        /// do not, because a mirrored digit or letter is another one or none. For training batches only.
        /// </param>
        /// <exception cref="InputException">Augmentation of items that are not images.</exception>
        public ITransform CreateTransforms(Dataset train, bool augment = false)
        {
            ArgumentNullException.ThrowIfNull(train);
            return recipe.CreateTransforms(
                train, !augment ? [] : train.ItemShape.Rank == 3 ? StandardAugmentation(train.ItemShape)
                : throw NoImages(train));
        }

        /// <summary>Random transforms, and then the recipe's, for the items of a data set.</summary>
        /// <param name="train">As for the other overload.</param>
        /// <param name="augmentations">
        /// What is done to images before they are resized and normalized, when pixels are in [0, 1]; in this order.
        /// </param>
        /// <exception cref="InputException">Augmentation of items that are not images.</exception>
        public ITransform CreateTransforms(Dataset train, IReadOnlyList<ITransform> augmentations)
        {
            ArgumentNullException.ThrowIfNull(recipe);
            ArgumentNullException.ThrowIfNull(train);
            ArgumentNullException.ThrowIfNull(augmentations);
            if (train.ItemShape.Rank == 3)
                return new Compose(
                    [.. augmentations, ForImages(train.ItemShape, recipe.Resize, recipe.Mean, recipe.Std)]);
            return augmentations.Count == 0 ? Standardize(train) : throw NoImages(train);
        }
    }

    /// <summary>
    /// The augmentation that is usual for CIFAR: random crop with padding 4 and, of color images, horizontal flip with
    /// p = 0.5.
    /// </summary>
    /// <param name="item">[c, h, w]</param>
    /// <seealso href="https://arxiv.org/abs/1512.03385">He, Zhang, Ren and Sun, 2016, §4.2</seealso>
    public static IReadOnlyList<ITransform> StandardAugmentation(Shape item)
    {
        ArgumentNullException.ThrowIfNull(item);
        var crop = new RandomCrop(item[1], item[2], Padding);
        return item[0] > 1 ? [crop, new RandomHorizontalFlip()] : [crop];
    }

    /// <summary>The transforms without augmentation for images [c, h, w].</summary>
    internal static ITransform ForImages(Shape item, int? resize, float mean, float std)
    {
        Normalize normalize = new([mean], [std]);
        return resize is { } side && (item[1], item[2]) != (side, side)
            ? new Compose(new Resize(side, side), normalize)
            : new Compose(normalize);
    }

    private static InputException NoImages(Dataset train) =>
        new($"{train.Name} cannot be augmented: its items of shape {train.ItemShape} are no images.");

    private static Normalize Standardize(Dataset train)
    {
        var features = train.ItemShape.Size;
        var (item, sum, squares) = (new float[features], new double[features], new double[features]);
        for (var i = 0; i < train.Count; i++)
        {
            train.Read(i, item);
            for (var f = 0; f < features; f++)
            {
                sum[f] += item[f];
                squares[f] += (double)item[f] * item[f];
            }
        }

        var mean = sum.Select(s => s / train.Count).ToArray();
        var deviation = squares.Select((s, f) => Math.Sqrt(Math.Max(0, s / train.Count - mean[f] * mean[f])));
        return new([.. mean.Select(m => (float)m)], [.. deviation.Select(d => d > 1e-6 ? (float)d : 1)]);
    }
}

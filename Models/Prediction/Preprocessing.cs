using System.Numerics.Tensors;
using PyNetSharp.Data;
using PyNetSharp.Training;

namespace PyNetSharp.Models;

/// <summary>How an image of any size becomes a network's input, as it did in training.</summary>
/// <param name="Item">The shape [c, h, w] of the data set's images, to which others are fitted first.</param>
/// <param name="Resize">The side to which they are then resized, bilinearly; null for none.</param>
/// <param name="Mean">Of the normalization (x − mean) / std of pixels in [0, 1].</param>
/// <param name="Std">Of the normalization; positive.</param>
public sealed record Preprocessing(Shape Item, int? Resize, float Mean, float Std)
{
    private readonly ITransform transform = RecipeTransforms.ForImages(Item, Resize, Mean, Std);

    /// <summary>The shape [c, h, w] of the network's input.</summary>
    public Shape Input => transform.Infer(Item);

    /// <summary>Preprocesses an image.</summary>
    /// <param name="image">In c, h, w order, 0 black and 255 full.</param>
    /// <param name="shape">Its shape [c, h, w]; the channels are those of <see cref="Item"/>.</param>
    /// <param name="input">Overwritten; as long as <see cref="Input"/> has elements.</param>
    /// <exception cref="ShapeException">The image has no pixels, or other channels.</exception>
    public void Apply(ReadOnlySpan<byte> image, Shape shape, Span<float> input)
    {
        var pixels = ImageFit.Apply(image, shape, Item);
        var values = new float[pixels.Length];
        TensorPrimitives.ConvertTruncating(pixels, values.AsSpan());
        TensorPrimitives.Divide(values, 255f, values);      // as ImageDataset: the same bits
        transform.Apply(Item, values, input, new Rng(0));
    }

    /// <summary>Preprocesses an image.</summary>
    /// <param name="image">[c, h, w], each value in [0, 1]; the channels are those of <see cref="Item"/>.</param>
    /// <param name="input">Overwritten; as long as <see cref="Input"/> has elements.</param>
    /// <exception cref="ShapeException">The image has no pixels, or other channels.</exception>
    public void Apply(Tensor image, Span<float> input)
    {
        ArgumentNullException.ThrowIfNull(image);
        transform.Apply(Item, ImageFit.Apply(image.ToArray(), image.Shape, Item), input, new Rng(0));
    }
}

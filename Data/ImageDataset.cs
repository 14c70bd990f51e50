using System.Numerics.Tensors;

namespace PyNetSharp.Data;

/// <summary>Images held as bytes, a quarter of the size of floats.</summary>
public sealed class ImageDataset : Dataset
{
    private readonly byte[] pixels;
    private readonly ImageReader? readImage;
    private readonly bool[] isLoaded = [];

    /// <summary>Creates a set of images from their bytes.</summary>
    /// <param name="name">The name of the set in errors and reports: "cifar10 train".</param>
    /// <param name="classNames">The name of each class; label k means <c>classNames[k]</c>.</param>
    /// <param name="itemShape">[c, h, w]</param>
    /// <param name="pixels">All images, one after the other, each in c, h, w order. Kept, not copied.</param>
    /// <param name="labels">The class of each image. Kept, not copied.</param>
    /// <exception cref="ArgumentException">
    /// Bytes and labels do not agree in number, or a label has no class.
    /// </exception>
    public ImageDataset(string name, IReadOnlyList<string> classNames, Shape itemShape, byte[] pixels, int[] labels)
        : base(name, classNames, itemShape, labels)
    {
        if (itemShape.Rank != 3)
            throw new ArgumentException($"{name}: images have a shape [c, h, w], not {itemShape}.", nameof(itemShape));
        var bytes = (long)itemShape.Size * labels.Length;
        if (pixels.LongLength != bytes)
            throw new ArgumentException(
                $"{name}: {labels.Length} images of shape {itemShape} take {bytes} bytes, not {pixels.LongLength}.",
                nameof(pixels));
        this.pixels = pixels;
    }

    /// <summary>
    /// Creates a set of images that are generated, or read from a file, when they are first accessed.
    /// </summary>
    internal ImageDataset(
        string name, IReadOnlyList<string> classNames, Shape itemShape, int[] labels, ImageReader readImage)
        : this(name, classNames, itemShape, new byte[itemShape.Size * labels.Length], labels) =>
        (this.readImage, isLoaded) = (readImage, new bool[labels.Length]);

    /// <summary>
    /// Writes the bytes of one image, the same at each call; may be called by several threads at once.
    /// </summary>
    internal delegate void ImageReader(int index, Span<byte> image);

    /// <summary>The bytes of one image in c, h, w order, 0 black and 255 full.</summary>
    /// <param name="index">In [0, <see cref="Dataset.Count"/>).</param>
    public ReadOnlySpan<byte> GetPixels(int index)
    {
        var image = pixels.AsSpan(checked(index * ItemShape.Size), ItemShape.Size);
        if (readImage is null || Volatile.Read(ref isLoaded[index])) return image;
        readImage(index, image);                                // concurrent calls write the same bytes
        Volatile.Write(ref isLoaded[index], true);
        return image;
    }

    /// <inheritdoc/>
    protected override void ReadItem(int index, Span<float> item)
    {
        TensorPrimitives.ConvertTruncating(GetPixels(index), item);
        TensorPrimitives.Divide(item, 255f, item);          // not x·(1/255): so every k/255 is correctly rounded
    }
}

using System.Numerics.Tensors;
using PyNetSharp.Data;

namespace PyNetSharp.Images;

/// <summary>A file, and the class of what it shows.</summary>
internal sealed record Picture(string Path, int Label)
{
    /// <summary>Decodes the file and brings it to the shape of the items.</summary>
    public byte[] Decode(Shape item)
    {
        var (pixels, shape) = ImageFile.Read(Path, item[0]);
        return ImageFit.Apply(pixels, shape, item);
    }
}

/// <summary>Pictures that are decoded when they are needed, on all cores, and kept while there is room.</summary>
internal sealed class PictureDataset : Dataset
{
    private readonly Picture[] pictures;
    private readonly byte[]?[] decoded;
    private readonly PictureCache cache;

    public PictureDataset(
        string name, IReadOnlyList<string> classNames, Shape item, DecodedPicture[] pictures, PictureCache cache)
        : base(name, classNames, item, [.. pictures.Select(p => p.Picture.Label)])
    {
        this.pictures = [.. pictures.Select(p => p.Picture)];
        decoded = [.. pictures.Select(p => p.Pixels)];
        this.cache = cache;
    }

    /// <summary>Decodes what is not kept. An error is thrown when the picture is read.</summary>
    protected internal override void Prefetch(ReadOnlySpan<int> indices)
    {
        var missing = new List<int>();
        foreach (var i in indices)
            if (Volatile.Read(ref decoded[i]) is null) missing.Add(i);
        if (missing.Count > 0)
            Parallel.ForEach(missing, i =>
            {
                try
                {
                    Volatile.Write(ref decoded[i], pictures[i].Decode(ItemShape));
                }
                catch (InputException)
                {
                    // As said.
                }
            });
    }

    protected override void ReadItem(int index, Span<float> item)
    {
        var pixels = Volatile.Read(ref decoded[index]) ?? pictures[index].Decode(ItemShape);
        if (cache.Keeps(this, index, pixels.Length)) Volatile.Write(ref decoded[index], pixels);
        else Volatile.Write(ref decoded[index], null);
        TensorPrimitives.ConvertTruncating(pixels, item);
        TensorPrimitives.Divide(item, 255f, item);          // as ImageDataset: every k/255 is correctly rounded
    }
}

/// <summary>Decides which decoded pictures are kept: the first that are read, until there is no more room.</summary>
internal sealed class PictureCache(long limit = PictureCache.MaxBytes)
{
    private const long MaxBytes = 1L << 30;
    private readonly HashSet<(object, int)> kept = [];
    private long bytes, promised;

    /// <summary>Whether a picture that was decoded is to be kept.</summary>
    /// <param name="owner">The data set.</param>
    /// <param name="index">The picture's number in it.</param>
    /// <param name="size">Its bytes.</param>
    public bool Keeps(object owner, int index, int size)
    {
        lock (kept)
        {
            if (kept.Contains((owner, index))) return true;
            if (bytes + size > limit) return false;
            bytes += size;
            return kept.Add((owner, index));
        }
    }

    /// <summary>Whether as many more pictures of a size fit, beside those of which this was asked before.</summary>
    public bool Fits(int count, int size)
    {
        lock (kept)
        {
            if ((long)count * size + promised > limit) return false;
            promised += (long)count * size;
            return true;
        }
    }
}

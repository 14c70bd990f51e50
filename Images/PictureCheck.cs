using System.Collections.Concurrent;

namespace PyNetSharp.Images;

/// <summary>A picture, decoded or not yet.</summary>
internal sealed record DecodedPicture(Picture Picture, byte[]? Pixels);

/// <summary>Finds the files of a part that cannot be used, on all cores, before training begins.</summary>
internal static class PictureCheck
{
    /// <summary>Files of less are decoded at once: that takes seconds, and then no epoch waits for it.</summary>
    private const long SmallFolder = 64L << 20;

    /// <summary>The pictures that can be used, in their order.</summary>
    /// <exception cref="ImageException">One cannot, and is not to be skipped: the first in their order.</exception>
    public static DecodedPicture[] Run(Picture[] pictures, Shape item, PictureCache cache, ImageFolderOptions options)
    {
        var isKept = cache.Fits(pictures.Length, item.Size);
        var decodes = options.Skipped is not null || isKept && Size(pictures) <= SmallFolder;
        var pixels = new byte[]?[pictures.Length];
        var faults = new ConcurrentDictionary<int, InputException>();
        Parallel.For(0, pictures.Length, (i, loop) =>
        {
            if (loop.ShouldExitCurrentIteration) return;
            try
            {
                if (!decodes) ImageFile.Check(pictures[i].Path);
                else if (pictures[i].Decode(item) is var decoded && isKept) pixels[i] = decoded;
            }
            catch (InputException fault)
            {
                faults[i] = fault;
                // Those before it are checked, so that the same fault is named each time.
                if (options.Skipped is null || fault is not ImageException) loop.Break();
            }
        });

        if (faults.IsEmpty) return [.. pictures.Zip(pixels, (picture, p) => new DecodedPicture(picture, p))];
        InputException[] inOrder = [.. faults.OrderBy(fault => fault.Key).Select(fault => fault.Value)];
        if (options.Skipped is null) throw inOrder[0];
        if (inOrder.FirstOrDefault(fault => fault is not ImageException) is { } other) throw other;
        options.Skipped([.. inOrder.Cast<ImageException>()]);
        return
        [
            .. Enumerable.Range(0, pictures.Length).Where(i => !faults.ContainsKey(i))
                .Select(i => new DecodedPicture(pictures[i], pixels[i])),
        ];
    }

    private static long Size(Picture[] pictures)
    {
        var size = 0L;
        foreach (var picture in pictures)
            if ((size += new FileInfo(picture.Path) is { Exists: true } file ? file.Length : 0) > SmallFolder) break;
        return size;
    }
}

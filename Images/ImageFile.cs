using System.Runtime.InteropServices;
using PyNetSharp.Data;
using SkiaSharp;

namespace PyNetSharp.Images;

/// <summary>Reads image files: PNG, JPEG, WebP, GIF, BMP, ICO and WBMP, by their content, not their names.</summary>
/// <remarks>
/// Pixels are as the viewer sees them: turned as EXIF says, transparency on white, of several frames the first. Color
/// profiles are not applied, as in Pillow and torchvision. Of 16 bits the upper 8 are taken. Gray is Rec. 601's luma,
/// 0.299 R + 0.587 G + 0.114 B. Before memory is taken, size and format are checked by the header; a file that ends
/// early is an error. Decoding is SkiaSharp's.
/// </remarks>
public static class ImageFile
{
    /// <summary>The most pixels of an image: 8,192×8,192, which take half a gigabyte while it is decoded.</summary>
    public const int MaxPixels = 1 << 26;

    /// <summary>The most bytes of a file.</summary>
    public const int MaxBytes = 1 << 28;

    /// <summary>Reads an image.</summary>
    /// <param name="path">The file.</param>
    /// <param name="channels">3 for red, green and blue; 1 for gray.</param>
    /// <returns>The pixels in c, h, w order, 0 black and 255 full, and their shape [c, h, w].</returns>
    /// <exception cref="ImageException">It is no image, damaged or too large; the message names the file.</exception>
    /// <exception cref="InputException">The file cannot be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are neither 1 nor 3 channels.</exception>
    public static (byte[] Pixels, Shape Shape) Read(string path, int channels = 3)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (channels is not (1 or 3))
            throw new ArgumentOutOfRangeException(
                nameof(channels), FormattableString.Invariant($"{channels}"), "1 or 3 channels were expected.");
        var bytes = DataFile.Read(path, file => ReadBytes(path, file, MaxBytes));
        return WithLibrary(() =>
        {
            using var data = SKData.CreateCopy(bytes);
            using var codec = Open(path, data);
            var (rgba, width, height) = Decode(path, codec);
            return new PixelOrder(codec.EncodedOrigin, width, height).ToPlanes(rgba, channels);
        });
    }

    /// <summary>Checks a file's header: it is an image that can be read, unless its pixels are damaged.</summary>
    /// <exception cref="ImageException">It is not; the message names the file.</exception>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public static void Check(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        const int HeaderBytes = 1 << 16;
        var bytes = DataFile.Read(path, file => ReadBytes(path, file, HeaderBytes));
        var isWhole = bytes.Length < HeaderBytes;
        WithLibrary(() =>
        {
            using var data = SKData.CreateCopy(bytes);
            using var codec = SKCodec.Create(data);
            // The header of a JPEG may be longer, where a preview is before it.
            if (codec is not null) CheckSize(path, codec.Info);
            else if (isWhole) throw Unknown(path);
            else Read(path);
            return true;
        });
    }

    private static byte[] ReadBytes(string path, FileStream file, int most)
    {
        if (file.Length == 0) throw new ImageException(path, $"'{path}' is empty; expected an image.");
        if (file.Length > MaxBytes)
            throw new ImageException(path, FormattableString.Invariant(
                $"'{path}' has {file.Length} bytes; expected an image of {MaxBytes} at most."));
        var bytes = new byte[Math.Min(most, file.Length)];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static SKCodec Open(string path, SKData data)
    {
        var codec = SKCodec.Create(data) ?? throw Unknown(path);
        try
        {
            CheckSize(path, codec.Info);
            return codec;
        }
        catch
        {
            codec.Dispose();
            throw;
        }
    }

    private static void CheckSize(string path, SKImageInfo info)
    {
        if (info.Width <= 0 || info.Height <= 0)
            throw new ImageException(path, $"'{path}' is an image without pixels.");
        if ((long)info.Width * info.Height > MaxPixels)
            throw new ImageException(path, FormattableString.Invariant(
                $"'{path}' has {info.Width}×{info.Height} pixels; expected {MaxPixels} at most."));
    }

    private static (byte[] Rgba, int Width, int Height) Decode(string path, SKCodec codec)
    {
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        var rgba = new byte[info.BytesSize];
        var pinned = GCHandle.Alloc(rgba, GCHandleType.Pinned);
        SKCodecResult result;
        try
        {
            result = codec.GetPixels(info, pinned.AddrOfPinnedObject());
        }
        finally
        {
            pinned.Free();
        }

        var kind = codec.EncodedFormat.ToString().ToUpperInvariant();
        return result switch
        {
            SKCodecResult.Success => (rgba, info.Width, info.Height),
            SKCodecResult.IncompleteInput => throw new ImageException(
                path, $"'{path}' is a {kind} image that ends early: its file is truncated."),
            SKCodecResult.ErrorInInput or SKCodecResult.InvalidInput => throw new ImageException(
                path, $"'{path}' is an invalid {kind} image."),
            _ => throw new ImageException(path, $"'{path}' is a {kind} image that cannot be decoded ({result})."),
        };
    }

    private static ImageException Unknown(string path) =>
        new(path, $"'{path}' is an invalid file or no image; expected PNG, JPEG, WebP, GIF or BMP.");

    private static T WithLibrary<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception fault)
            when (fault is DllNotFoundException or TypeInitializationException { InnerException: DllNotFoundException })
        {
            throw new InputException(
                "Images cannot be decoded: SkiaSharp's native library is not available for " +
                $"{RuntimeInformation.RuntimeIdentifier}.", fault);
        }
    }
}

using System.IO.Compression;
using PyNetSharp.Layers;

namespace PyNetSharp.Train;

/// <summary>Writes tensors as a NumPy archive (<c>.npz</c>), which <c>numpy.load</c> reads.</summary>
/// <seealso href="https://numpy.org/doc/stable/reference/generated/numpy.savez.html">The archive's format</seealso>
internal static class NumpyArchive
{
    private static readonly DateTimeOffset Earliest = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);    // that a ZIP file has

    /// <summary>Writes float32 arrays under their names, uncompressed. Equal tensors give equal bytes.</summary>
    /// <param name="path">The file, replaced atomically if it exists.</param>
    /// <param name="tensors">The tensors and their names.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, IEnumerable<(string Name, Tensor Tensor)> tensors) =>
        AtomicFile.Write(path, stream =>
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
            foreach (var (name, tensor) in tensors)
            {
                var entry = archive.CreateEntry($"{name}.npy", CompressionLevel.NoCompression);
                entry.LastWriteTime = Earliest;
                using var content = entry.Open();
                NumpyFile.Write(content, tensor.ToArray(), tensor.Shape);
            }
        });
}

namespace PyNetSharp.Layers;

/// <summary>Saves and opens files of the safetensors format, in which many frameworks exchange weights.</summary>
/// <remarks>
/// A file is the length of its header (8 bytes), the header (JSON: name, type, shape and offsets of each tensor) and
/// the elements, row-major and little-endian, one tensor after the other without gaps.
/// </remarks>
/// <seealso href="https://huggingface.co/docs/safetensors/index#format">The safetensors format</seealso>
public static class Safetensors
{
    /// <summary>Writes tensors as float32, in the order given. Equal tensors give equal bytes.</summary>
    /// <param name="path">The file, replaced atomically if it exists. Its folder must exist.</param>
    /// <param name="tensors">The tensors and their names, all different.</param>
    /// <param name="metadata">Additional keys and texts for the file; null for none.</param>
    /// <exception cref="ArgumentException">
    /// A name occurs twice, or is <c>__metadata__</c>, which the format reserves; a name or a text has half of a
    /// surrogate pair; or the header would exceed the format's limit of 100 MB.
    /// </exception>
    /// <exception cref="InputException">The file cannot be written.</exception>
    /// <remarks>Needs temporary memory for a copy of the largest tensor.</remarks>
    public static void Save(
        string path,
        IEnumerable<(string Name, Tensor Tensor)> tensors,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        var all = tensors.ToArray();
        var header = SafetensorsHeaderWriter.Write([.. all.Select(t => (t.Name, t.Tensor.Shape))], metadata);

        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            var values = new float[all.Select(t => t.Tensor.Shape.Size).DefaultIfEmpty().Max()];
            foreach (var (_, tensor) in all)
            {
                var part = values.AsSpan(0, tensor.Shape.Size);
                tensor.CopyTo(part);
                LittleEndian.Write(stream, part);
            }
        });
    }

    /// <summary>
    /// Opens a file and checks its header against its length; elements are read by
    /// <see cref="SafetensorsFile.Read(string, Device?)"/>.
    /// </summary>
    /// <exception cref="InputException">
    /// The file cannot be read or is not in the format; the message names the error and its position.
    /// </exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new(path);
    }
}

namespace PyNetSharp.Layers;

/// <summary>Tensors in files of the safetensors format, which PyTorch and many others exchange weights in.</summary>
/// <remarks>
/// A file is the length of its header (8 bytes), the header (JSON: name, type, shape and place of each tensor) and the
/// elements, row-major and little-endian, one tensor right after the other.
/// </remarks>
/// <seealso href="https://huggingface.co/docs/safetensors/index#format">The safetensors format</seealso>
public static class Safetensors
{
    /// <summary>Writes tensors as float32, in the order given. Equal tensors give equal bytes.</summary>
    /// <param name="path">The file, replaced if it exists; never left half-written. Its folder must exist.</param>
    /// <param name="tensors">The tensors and their names, each different.</param>
    /// <param name="metadata">What else to keep in the file, if anything.</param>
    /// <exception cref="ArgumentException">
    /// A name comes twice, or is the format's own <c>__metadata__</c>; a name or a text has half of a surrogate pair;
    /// or they are too long for a header that is read again.
    /// </exception>
    /// <exception cref="InputException">The file cannot be written.</exception>
    /// <remarks>Beside the tensors it needs memory for a copy of the largest.</remarks>
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

    /// <summary>Opens a file and checks its header against its length; the elements are read when asked for.</summary>
    /// <exception cref="InputException">
    /// The file cannot be read or is not in the format; the message names the fault and its place.
    /// </exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new(path);
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PyNetSharp.Layers;

namespace PyNetSharp.Training;

/// <summary>A safetensors file whose metadata have a checksum of all that is in it.</summary>
internal static class CheckpointFile
{
    private const string ChecksumKey = "checksum";

    /// <summary>Returns the values of a tensor, by its index.</summary>
    public delegate ReadOnlySpan<float> ValuesOf(int index);

    /// <summary>Writes a file atomically.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(
        string path, IReadOnlyList<(string Name, Shape Shape)> tensors, ValuesOf values,
        IReadOnlyDictionary<string, string> metadata)
    {
        using var hash = new Hash(metadata);
        for (var i = 0; i < tensors.Count; i++)
            hash.Add(tensors[i].Name, [.. tensors[i].Shape.Select(extent => (long)extent)], values(i));
        var all = new Dictionary<string, string>(metadata) { [ChecksumKey] = hash.Compute() };
        var header = SafetensorsHeaderWriter.Write(tensors, all);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            for (var i = 0; i < tensors.Count; i++) LittleEndian.Write(stream, values(i));
        });
    }

    /// <summary>Compares a file's checksum with its content; a file without one is accepted.</summary>
    /// <exception cref="InputException">They differ, or the file cannot be read.</exception>
    public static void Verify(string path, SafetensorsFile file)
    {
        if (file.Metadata.GetValueOrDefault(ChecksumKey) is not { } expected) return;
        using var hash = new Hash(file.Metadata.Where(pair => pair.Key != ChecksumKey));
        float[] values = [];
        foreach (var tensor in file.Tensors)
        {
            if (values.Length < tensor.Shape.Size) values = new float[tensor.Shape.Size];
            var part = values.AsSpan(0, tensor.Shape.Size);
            file.Read(tensor, part);
            hash.Add(tensor.Name, tensor.Extents, part);
        }

        if (hash.Compute() != expected)
            throw new InputException($"'{path}' is an invalid file: its content does not have the checksum in it.");
    }

    /// <summary>SHA-256 over the metadata, and each tensor's name, extents and elements.</summary>
    private sealed class Hash : IDisposable
    {
        private readonly SHA256 sha = SHA256.Create();
        private readonly CryptoStream stream;

        public Hash(IEnumerable<KeyValuePair<string, string>> metadata)
        {
            stream = new(Stream.Null, sha, CryptoStreamMode.Write);
            foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                Add(key);
                Add(value);
            }
        }

        public void Add(string name, IReadOnlyList<long> extents, ReadOnlySpan<float> values)
        {
            Add(name);
            Add(string.Join(',', extents.Select(extent => extent.ToString(CultureInfo.InvariantCulture))));
            LittleEndian.Write(stream, values);
        }

        public string Compute()
        {
            stream.FlushFinalBlock();
            return Convert.ToHexStringLower(sha.Hash!);
        }

        public void Dispose()
        {
            stream.Dispose();
            sha.Dispose();
        }

        /// <summary>With its length before it, so that two texts cannot be shifted against each other.</summary>
        private void Add(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            stream.Write(Encoding.UTF8.GetBytes(bytes.Length.ToString(CultureInfo.InvariantCulture) + ":"));
            stream.Write(bytes);
        }
    }
}

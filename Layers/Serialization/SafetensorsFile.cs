using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Layers;

/// <summary>A safetensors file open for reading. Its header is valid, and the file has all tensors in it.</summary>
public sealed class SafetensorsFile : IDisposable
{
    // Elements per read: a span holds less than 2³¹ bytes.
    private const int ChunkLength = 1 << 20;

    private readonly string path;
    private readonly SafeFileHandle handle;
    private readonly SafetensorsHeader header;
    private readonly long dataBegin;

    /// <summary>Opens a file and checks its header; no elements are read yet.</summary>
    /// <exception cref="InputException">The file cannot be read, or it is not in the format.</exception>
    internal SafetensorsFile(string path)
    {
        this.path = path;
        handle = OpenHandle(path);
        try
        {
            (header, dataBegin) = ReadHeader(RandomAccess.GetLength(handle));
        }
        catch (Exception fault)
        {
            handle.Dispose();
            if (fault is NotSupportedException)
                throw new InputException($"'{path}' is not a file but a stream.", fault);
            throw;
        }
    }

    /// <summary>The tensors, in the header's order.</summary>
    public IReadOnlyCollection<SafetensorsTensorInfo> Tensors => header.Tensors;

    /// <summary>The additional keys and texts in the file.</summary>
    public IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    /// <summary>The tensor of a name, or null.</summary>
    public SafetensorsTensorInfo? Find(string name) => header.Find(name);

    /// <summary>
    /// Reads a tensor's elements in row-major order, converted to float32 if they are F16, BF16 or F64.
    /// </summary>
    /// <param name="tensor">One of <see cref="Tensors"/>.</param>
    /// <param name="values">As many values as elements.</param>
    /// <exception cref="ArgumentException">The number of values is not the number of elements.</exception>
    /// <exception cref="InputException">
    /// The elements are of another type or too many, or the file can no longer be read.
    /// </exception>
    public void Read(SafetensorsTensorInfo tensor, Span<float> values)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (values.Length != tensor.Shape.Size)
            throw new ArgumentException(
                $"{values.Length} values for a tensor of shape {tensor.Shape}.", nameof(values));
        if (!SafetensorsDtype.IsReadable(tensor.Dtype))
            throw new InputException(
                $"'{path}' holds {Quote(tensor.Name)} in {tensor.Dtype}; expected {SafetensorsDtype.ReadableTypes}.");

        var isNative = tensor.Dtype == "F32" && BitConverter.IsLittleEndian;
        var size = SafetensorsDtype.BitsPerElement(tensor.Dtype)!.Value / 8;
        var buffer = isNative ? [] : new byte[Math.Min(ChunkLength, values.Length) * size];
        for (var offset = dataBegin + tensor.DataBegin; !values.IsEmpty;)
        {
            var chunk = values[..Math.Min(ChunkLength, values.Length)];
            var bytes = isNative ? MemoryMarshal.AsBytes(chunk) : buffer.AsSpan(0, chunk.Length * size);
            ReadExactly(offset, bytes);
            if (!isNative) SafetensorsDtype.Convert(tensor.Dtype, bytes, chunk);
            values = values[chunk.Length..];
            offset += bytes.Length;
        }
    }

    /// <summary>Reads a tensor, converted to float32 if it is F16, BF16 or F64.</summary>
    /// <exception cref="InputException">
    /// There is no tensor of that name, its elements are of another type or too many, or the file can no longer be
    /// read.
    /// </exception>
    public Tensor Read(string name, Device? device = null)
    {
        var tensor = Find(name) ?? throw new InputException($"'{path}' has no tensor {Quote(name)}.");
        var values = new float[tensor.Shape.Size];
        Read(tensor, values);
        return Tensor.From(tensor.Shape, values, device);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => handle.Dispose();

    private static SafeFileHandle OpenHandle(string path)
    {
        if (Directory.Exists(path)) throw new InputException($"'{path}' is a folder; expected a safetensors file.");
        try
        {
            return File.OpenHandle(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"'{path}' cannot be read: {fault.Message}", fault);
        }
    }

    private (SafetensorsHeader, long DataBegin) ReadHeader(long fileLength)
    {
        if (fileLength < sizeof(ulong))
            throw InvalidFile($"it has {fileLength} bytes; expected at least the 8 that say how long its header is");

        var prefix = new byte[sizeof(ulong)];
        ReadExactly(0, prefix);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > SafetensorsHeader.MaxLength)
            throw InvalidFile(
                $"its first 8 bytes announce a header of {length} bytes; " +
                $"expected at most {SafetensorsHeader.MaxLength}");
        if (length > (ulong)(fileLength - prefix.Length))
            throw InvalidFile(
                $"its first 8 bytes announce a header of {length} bytes, but only {fileLength - prefix.Length} follow");

        var json = new byte[length];
        ReadExactly(prefix.Length, json);
        var begin = prefix.Length + json.Length;
        return (SafetensorsHeader.Read(json, fileLength - begin, InvalidFile), begin);
    }

    private void ReadExactly(long offset, Span<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                var read = RandomAccess.Read(handle, bytes, offset);
                if (read == 0)
                    throw InvalidFile($"it ends at byte {offset}, although it was longer when it was opened");
                bytes = bytes[read..];
                offset += read;
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"'{path}' cannot be read at byte {offset}: {fault.Message}", fault);
        }
    }

    private InputException InvalidFile(string what) => new($"'{path}' is not a sound safetensors file: {what}.");
}

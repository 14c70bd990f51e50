using Microsoft.Win32.SafeHandles;

namespace PyNetSharp.Data;

/// <summary>
/// An open file of records of one size. It stays open as long as it is referenced, and readable even if it is deleted.
/// </summary>
internal sealed class RecordFile
{
    private readonly SafeFileHandle handle;

    /// <param name="path">An existing file.</param>
    /// <param name="recordBytes">Bytes per record.</param>
    /// <param name="firstIndex">The number of its first record within the whole set.</param>
    public RecordFile(string path, int recordBytes, int firstIndex)
    {
        (Path, RecordBytes, FirstIndex) = (path, recordBytes, firstIndex);
        const FileShare share = FileShare.ReadWrite | FileShare.Delete;
        handle = DataFile.WrapFileErrors(path, () => File.OpenHandle(path, share: share));
    }

    public string Path { get; }

    public int RecordBytes { get; }

    public int FirstIndex { get; }

    /// <summary>
    /// Fills <paramref name="bytes"/> from the file, from byte <paramref name="skip"/> of a record on.
    /// </summary>
    /// <exception cref="InputException">The file has become shorter, or cannot be read.</exception>
    public void Read(int index, int skip, Span<byte> bytes)
    {
        var at = (long)index * RecordBytes + skip;
        for (var done = 0; done < bytes.Length;)
        {
            var count = ReadPart(bytes[done..], at + done);
            if (count == 0) throw new InputException($"'{Path}' ended while it was read.");
            done += count;
        }
    }

    private int ReadPart(Span<byte> bytes, long at)
    {
        try
        {
            return RandomAccess.Read(handle, bytes, at);
        }
        catch (IOException error)
        {
            throw new InputException($"'{Path}' cannot be read: {error.Message}", error);
        }
    }
}

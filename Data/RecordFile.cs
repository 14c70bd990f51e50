using Microsoft.Win32.SafeHandles;

namespace PyNetSharp.Data;

/// <summary>An open file of records of one size. It stays open, and readable even if it is deleted, while it is used.</summary>
internal sealed class RecordFile
{
    private readonly SafeFileHandle handle;

    /// <param name="path">An existing file.</param>
    /// <param name="record">Bytes per record.</param>
    /// <param name="first">The number of its first record within the whole set.</param>
    public RecordFile(string path, int record, int first)
    {
        (Path, RecordBytes, FirstIndex) = (path, record, first);
        handle = DataFile.WrapFileErrors(path, () => File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete));
    }

    public string Path { get; }

    public int RecordBytes { get; }

    public int FirstIndex { get; }

    /// <summary>Fills <paramref name="bytes"/> from the file, beginning <paramref name="skip"/> bytes into a record.</summary>
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

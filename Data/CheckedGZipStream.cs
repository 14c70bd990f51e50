using System.IO.Compression;

namespace PyNetSharp.Data;

/// <summary>
/// Decompresses a gzip file: all members one after the other, each checked against its checksum and length.
/// </summary>
/// <remarks>
/// <see cref="GZipStream"/> checks a member's trailer if it is present, but accepts a file that is truncated before it.
/// So one more member with known content, a sentinel, is appended to the file: it decompresses to that content only
/// where a member may begin, that is if the last member of the file is complete. As with <c>gunzip</c>, bytes after the
/// last member that do not begin another are ignored.
/// </remarks>
internal sealed class CheckedGZipStream : Stream
{
    private static readonly byte[] Sentinel = [.. "The file before this is whole."u8];
    private static readonly byte[] SentinelMember = Compress(Sentinel);

    private readonly AppendableStream source;
    private readonly GZipStream decompressed;
    private bool ended;

    /// <param name="file">Read from its position to its end, and not closed.</param>
    public CheckedGZipStream(Stream file)
    {
        source = new(file);
        decompressed = new(source, CompressionMode.Decompress);
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <summary>Reads the next bytes, at least one unless the file has ended.</summary>
    /// <exception cref="InvalidDataException">The file is not gzip, is damaged, or is truncated.</exception>
    public override int Read(Span<byte> buffer)
    {
        if (ended || buffer.IsEmpty) return 0;
        var count = ReadDecompressed(buffer);
        if (count > 0) return count;
        if (source.IsEmpty || !IsComplete())
            throw new InvalidDataException("It is truncated: its last checksum is missing.");
        ended = true;
        return 0;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) decompressed.Dispose();
        base.Dispose(disposing);
    }

    private int ReadDecompressed(Span<byte> buffer)
    {
        try
        {
            return decompressed.Read(buffer);
        }
        catch (InvalidDataException e)      // its message names a compression method, whatever is wrong
        {
            throw new InvalidDataException("It is invalid, or its content is not that of its checksum.", e);
        }
    }

    /// <summary>
    /// Whether the last member has ended: the sentinel decompresses, or other bytes followed the member.
    /// </summary>
    private bool IsComplete()
    {
        Span<byte> found = stackalloc byte[Sentinel.Length + 1];
        source.Append(SentinelMember);
        try
        {
            var count = decompressed.ReadAtLeast(found, found.Length, throwOnEndOfStream: false);
            return source.IsUntouched ? count == 0 : found[..count].SequenceEqual(Sentinel);
        }
        catch (InvalidDataException)        // it was read as the rest of a truncated member
        {
            return false;
        }
    }

    private static byte[] Compress(byte[] content)
    {
        using var zipped = new MemoryStream();
        using (var zip = new GZipStream(zipped, CompressionMode.Compress, leaveOpen: true)) zip.Write(content);
        return zipped.ToArray();
    }

    /// <summary>A file to which bytes can be appended in memory when its end has been reached.</summary>
    private sealed class AppendableStream(Stream file) : Stream
    {
        private byte[] appended = [];
        private int used;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        /// <summary>Whether no byte of the file has been read.</summary>
        public bool IsEmpty { get; private set; } = true;

        /// <summary>Whether no appended byte has been read.</summary>
        public bool IsUntouched => used == 0;

        public void Append(byte[] bytes) => appended = bytes;

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var count = file.Read(buffer);
            if (count > 0)
            {
                IsEmpty = false;
                return count;
            }

            count = Math.Min(buffer.Length, appended.Length - used);
            appended.AsSpan(used, count).CopyTo(buffer);
            used += count;
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

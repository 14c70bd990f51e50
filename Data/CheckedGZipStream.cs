using System.IO.Compression;

namespace PyNetSharp.Data;

/// <summary>
/// What a gzip file unpacks to: all members one after the other, each checked against its checksum and length.
/// </summary>
/// <remarks>
/// <see cref="GZipStream"/> checks what a member ends with if it is there, but takes a file that was cut before it for
/// whole. So at the end of the file it is given one more member, whose content is known: that comes out where a member
/// may begin, and nowhere else. As with <c>gunzip</c>, bytes behind the last member that do not begin another are
/// passed over.
/// </remarks>
internal sealed class CheckedGZipStream : Stream
{
    private static readonly byte[] Sentinel = [.. "The file before this is whole."u8];
    private static readonly byte[] SentinelMember = Compress(Sentinel);

    private readonly AppendableStream source;
    private readonly GZipStream unzipped;
    private bool ended;

    /// <param name="file">Read from where it is to its end, and not closed.</param>
    public CheckedGZipStream(Stream file)
    {
        source = new(file);
        unzipped = new(source, CompressionMode.Decompress);
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

    /// <summary>Reads on.</summary>
    /// <exception cref="InvalidDataException">The file is not gzip, is damaged, or was cut.</exception>
    public override int Read(Span<byte> buffer)
    {
        if (ended || buffer.IsEmpty) return 0;
        var count = ReadUnzipped(buffer);
        if (count > 0) return count;
        if (source.IsEmpty || !HasTrailer()) throw new InvalidDataException("It was cut: its last checksum is missing.");
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
        if (disposing) unzipped.Dispose();
        base.Dispose(disposing);
    }

    private int ReadUnzipped(Span<byte> buffer)
    {
        try
        {
            return unzipped.Read(buffer);
        }
        catch (InvalidDataException e)      // whose message speaks of a method of compression, whatever is wrong
        {
            throw new InvalidDataException("It is damaged, or its content is not that of its checksum.", e);
        }
    }

    /// <summary>Unpacks the member behind the file, unless its last one ended before other bytes in it.</summary>
    private bool HasTrailer()
    {
        Span<byte> found = stackalloc byte[Sentinel.Length + 1];
        source.Append(SentinelMember);
        try
        {
            var count = unzipped.ReadAtLeast(found, found.Length, throwOnEndOfStream: false);
            return source.IsUntouched ? count == 0 : found[..count].SequenceEqual(Sentinel);
        }
        catch (InvalidDataException)        // it was taken for the rest of another
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

    /// <summary>A file, at whose end a reader may go on with other bytes.</summary>
    private sealed class AppendableStream(Stream file) : Stream
    {
        private byte[] more = [];
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

        /// <summary>Whether there was nothing in the file.</summary>
        public bool IsEmpty { get; private set; } = true;

        /// <summary>Whether nothing of what was appended has been read.</summary>
        public bool IsUntouched => used == 0;

        public void Append(byte[] bytes) => more = bytes;

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var count = file.Read(buffer);
            if (count > 0)
            {
                IsEmpty = false;
                return count;
            }

            count = Math.Min(buffer.Length, more.Length - used);
            more.AsSpan(used, count).CopyTo(buffer);
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

using System.Collections.Concurrent;
using System.IO.Compression;
using PyNetSharp.Layers;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Data;

/// <summary>Extracts downloaded archives without trusting their content.</summary>
internal static class Archive
{
    private const long MaxBytes = 1L << 30;
    private const int MaxEntries = 10_000;
    private const int MaxListBytes = 16 << 20;      // of zip archives; 10,000 names of usual length take 1 MB
    private const int MaxFlushes = 32;
    private const FileShare NotLocked = FileShare.ReadWrite | FileShare.Delete;    // a lock costs a call per file
    private const int MaxMessage = 200;

    /// <summary>
    /// Extracts a <c>.tar.gz</c> or <c>.zip</c> into one new folder beside it, completely or not at all.
    /// </summary>
    /// <returns>That folder: the archive's only top folder, or one named for the archive.</returns>
    /// <exception cref="InputException">
    /// The archive is invalid, contains links, paths that lead out of it or too much data, or the folder exists
    /// already.
    /// </exception>
    public static string Extract(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var work = Path.Combine(folder, ".unpacking");
        using var file = DataFile.WrapFileErrors(path, () => File.OpenRead(path));
        try
        {
            if (Directory.Exists(work)) Directory.Delete(work, recursive: true);
            Directory.CreateDirectory(work);
            var pack = new Extraction(path, work);
            if (path.EndsWith(".zip", StringComparison.Ordinal)) pack.ExtractZip(file);
            else pack.ExtractTar(file);
            pack.Flush();

            var whole = Directory.GetFileSystemEntries(work) is [var only] && Directory.Exists(only) ? only : work;
            var target = Path.Combine(folder, whole == work ? BaseName(path) : Path.GetFileName(whole));
            if (Path.Exists(target))
                throw new InputException($"'{target}' is there already; move it away to unpack '{path}'.");
            Directory.Move(whole, target);
            return target;
        }
        catch (Exception e) when (FileErrors.IsWriteError(e))
        {
            throw new InputException($"'{path}' cannot be unpacked: {Cut(FileErrors.Describe(e), MaxMessage)}", e);
        }
        // What the library's readers throw for numbers out of range in a header, and for names that no file can have.
        catch (Exception e) when (e is InvalidDataException or FormatException or NotSupportedException
            or ArithmeticException or ArgumentException or InvalidOperationException)
        {
            throw new InputException($"'{path}' is no valid archive: {Cut(e.Message, MaxMessage)}", e);
        }
        finally
        {
            TryDelete(work);
        }
    }

    private static void TryDelete(string folder)
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to report; the next attempt deletes what is left.
        }
    }

    private static string BaseName(string path)
    {
        var name = Path.GetFileName(path);
        return name[..name.IndexOf('.', StringComparison.Ordinal)];
    }

    private sealed class Extraction(string path, string work)
    {
        private readonly byte[] buffer = new byte[1 << 16];
        private readonly List<string> files = [];
        private readonly HashSet<string> folders = [];
        private long bytes;
        private int entries;

        public void ExtractTar(Stream file)
        {
            using var decompressed = new CheckedGZipStream(file);
            var tar = new TarEntries(decompressed);
            while (tar.Next() is { } entry)
            {
                if (entry.Kind == TarMemberKind.Directory) CountEntry();
                else if (entry.Kind == TarMemberKind.File) Write(entry.Name, tar.Read);
                else
                    throw new InputException(
                        $"'{path}': {Quote(entry.Name)} is a {entry.Kind}; expected plain files only.");
            }

            while (decompressed.Read(buffer) is > 0 and var count)      // the padding; the checksum follows it
                Count(count);
        }

        public void ExtractZip(Stream file)
        {
            var bounded = new BoundedStream(file);
            using var zip = new ZipArchive(bounded, ZipArchiveMode.Read, leaveOpen: true);
            var all = zip.Entries;
            bounded.IsBounded = false;
            foreach (var entry in all)
            {
                if (entry.FullName.EndsWith('/'))
                {
                    CountEntry();
                    continue;
                }

                using var content = entry.Open();
                var (length, checksum) = Write(entry.FullName, content.Read);
                if (length != entry.Length || checksum != entry.Crc32)
                    throw new InputException(
                        $"'{path}': {Quote(entry.FullName)} is invalid: {length} bytes of checksum {checksum:X8}; " +
                        $"expected {entry.Length} of {entry.Crc32:X8}.");
            }
        }

        /// <summary>Flushes all files to the disk, many at once: one after the other takes long.</summary>
        public void Flush()
        {
            var rest = new ConcurrentQueue<string>(files);
            var tasks = Enumerable.Range(0, Math.Min(MaxFlushes, files.Count)).Select(_ => Task.Factory.StartNew(
                Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
            Task.WhenAll([.. tasks]).GetAwaiter().GetResult();

            void Work()
            {
                while (rest.TryDequeue(out var file))
                {
                    using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write, NotLocked);
                    FileOperations.FlushToDisk(handle);
                }
            }
        }

        private (long Length, uint Checksum) Write(string name, Read content)
        {
            CountEntry();
            if (name.Contains('\0', StringComparison.Ordinal))
                throw new InputException($"'{path}': the name {Quote(name)} has a zero byte.");
            var target = Path.GetFullPath(Path.Combine(work, name));
            if (!target.StartsWith(work + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                throw new InputException($"'{path}': the name {Quote(name)} leads out of the archive.");

            var folder = Path.GetDirectoryName(target)!;
            if (folders.Add(folder)) Directory.CreateDirectory(folder);
            using var to = File.OpenHandle(target, FileMode.CreateNew, FileAccess.Write, NotLocked);
            files.Add(target);
            var (length, checksum) = (0L, new Crc32());
            while (content(buffer) is > 0 and var count)
            {
                Count(count);
                RandomAccess.Write(to, buffer.AsSpan(0, count), length);
                checksum.Append(buffer.AsSpan(0, count));
                length += count;
            }

            return (length, checksum.Value);
        }

        private void Count(int more)
        {
            if ((bytes += more) > MaxBytes) throw new InputException($"'{path}' holds more than {MaxBytes} bytes.");
        }

        private void CountEntry()
        {
            if (++entries > MaxEntries) throw new InputException($"'{path}' holds more than {MaxEntries} entries.");
        }

        private delegate int Read(Span<byte> bytes);
    }

    /// <summary>A ZIP archive whose list of entries is read only up to a length.</summary>
    private sealed class BoundedStream(Stream file) : Stream
    {
        private long read;

        public bool IsBounded { get; set; } = true;

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => file.Length;

        public override long Position
        {
            get => file.Position;
            set => file.Position = value;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var count = file.Read(buffer);
            if (IsBounded && (read += count) > MaxListBytes)
                throw new InvalidDataException($"Its list of entries has more than {MaxListBytes} bytes.");
            return count;
        }

        public override long Seek(long offset, SeekOrigin origin) => file.Seek(offset, origin);

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

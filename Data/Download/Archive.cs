using System.Formats.Tar;
using System.IO.Compression;
using PyNetSharp.Layers;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Data;

/// <summary>Unpacks downloaded archives without trusting them.</summary>
internal static class Archive
{
    private const long MaxBytes = 1L << 30;
    private const int MaxEntries = 10_000;

    /// <summary>
    /// Unpacks a <c>.tar.gz</c> or <c>.zip</c> into one new folder beside it, which appears whole or not at all.
    /// </summary>
    /// <returns>That folder: the archive's only top folder, or one named for the archive.</returns>
    /// <exception cref="InputException">
    /// The archive is faulty, holds links, names outside of itself or too much, or the folder is there already.
    /// </exception>
    public static string Extract(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var work = Path.Combine(folder, ".unpacking");
        try
        {
            return DataFile.Read(path, file =>
            {
                if (Directory.Exists(work)) Directory.Delete(work, recursive: true);
                Directory.CreateDirectory(work);
                var pack = new Extraction(path, work);
                if (path.EndsWith(".zip", StringComparison.Ordinal)) pack.ExtractZip(file);
                else pack.ExtractTar(file);

                var whole = Directory.GetFileSystemEntries(work) is [var only] && Directory.Exists(only) ? only : work;
                var target = Path.Combine(folder, whole == work ? BaseName(path) : Path.GetFileName(whole));
                if (Path.Exists(target))
                    throw new InputException($"'{target}' is there already; move it away to unpack '{path}'.");
                Directory.Move(whole, target);
                return target;
            });
        }
        // The last two: numbers that no header should have, and names that no file can.
        catch (Exception e) when (e is InvalidDataException or FormatException or NotSupportedException
            or ArithmeticException or ArgumentException)
        {
            throw new InputException($"'{path}' is no valid archive: {e.Message}", e);
        }
        catch (Exception e) when (FileErrors.IsWriteError(e))
        {
            throw new InputException($"'{path}' cannot be unpacked: {FileErrors.Describe(e)}", e);
        }
        finally
        {
            if (Directory.Exists(work)) Directory.Delete(work, recursive: true);
        }
    }

    private static string BaseName(string path)
    {
        var name = Path.GetFileName(path);
        return name[..name.IndexOf('.', StringComparison.Ordinal)];
    }

    private sealed class Extraction(string path, string work)
    {
        private long bytes;
        private int entries;

        public void ExtractTar(Stream file)
        {
            using var unzipped = new CheckedGZipStream(file);
            using var tar = new TarReader(unzipped, leaveOpen: true);
            while (tar.GetNextEntry() is { } entry)
            {
                switch (entry.EntryType)
                {
                    case TarEntryType.Directory or TarEntryType.GlobalExtendedAttributes:
                        CountEntry();
                        break;
                    case TarEntryType.RegularFile or TarEntryType.V7RegularFile:
                        Write(entry.Name, entry.DataStream ?? Stream.Null);
                        break;
                    default:
                        throw new InputException(
                            $"'{path}': {Quote(entry.Name)} is a {entry.EntryType}; expected plain files only.");
                }
            }

            Copy(unzipped, Stream.Null);        // what fills the last block; the checksum is behind it
        }

        public void ExtractZip(Stream file)
        {
            using var zip = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
            foreach (var entry in zip.Entries)
            {
                if (entry.FullName.EndsWith('/'))
                {
                    CountEntry();
                    continue;
                }

                using var content = entry.Open();
                var (length, checksum) = Write(entry.FullName, content);
                if (length != entry.Length || checksum != entry.Crc32)
                    throw new InputException(
                        $"'{path}': {Quote(entry.FullName)} is damaged: {length} bytes of checksum {checksum:X8}; " +
                        $"expected {entry.Length} of {entry.Crc32:X8}.");
            }
        }

        private (long Length, uint Checksum) Write(string name, Stream content)
        {
            CountEntry();
            var target = Path.GetFullPath(Path.Combine(work, name));
            if (!target.StartsWith(work + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                throw new InputException($"'{path}': the name {Quote(name)} leads out of the archive.");

            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using var to = new FileStream(target, FileMode.CreateNew, FileAccess.Write);
            var written = Copy(content, to);
            to.Flush(flushToDisk: true);
            return written;
        }

        private (long Length, uint Checksum) Copy(Stream from, Stream to)
        {
            var (before, checksum, buffer) = (bytes, new Crc32(), new byte[1 << 16]);
            while (from.Read(buffer) is > 0 and var count)
            {
                if ((bytes += count) > MaxBytes)
                    throw new InputException($"'{path}' holds more than {MaxBytes} bytes.");
                to.Write(buffer, 0, count);
                checksum.Append(buffer.AsSpan(0, count));
            }

            return (bytes - before, checksum.Value);
        }

        private void CountEntry()
        {
            if (++entries > MaxEntries) throw new InputException($"'{path}' holds more than {MaxEntries} entries.");
        }
    }
}

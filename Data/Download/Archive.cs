using System.Formats.Tar;
using System.IO.Compression;
using PyNetSharp.Layers;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Data;

/// <summary>Extracts downloaded archives without trusting their content.</summary>
internal static class Archive
{
    private const long MaxBytes = 1L << 30;
    private const int MaxEntries = 10_000;

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
        // The last two: numbers out of range in a header, and names that no file can have.
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
            using var decompressed = new CheckedGZipStream(file);
            using var tar = new TarReader(decompressed, leaveOpen: true);
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

            Copy(decompressed, Stream.Null);    // the padding of the last block; the checksum follows it
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

/// <summary>The checksum of ZIP archives, which .NET does not verify when it reads one.</summary>
/// <seealso href="https://www.rfc-editor.org/rfc/rfc1952#section-8">RFC 1952, section 8</seealso>
internal struct Crc32()
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(i => Remainder((uint)i))];

    private uint state = uint.MaxValue;

    /// <summary>The checksum of all bytes so far.</summary>
    public readonly uint Value => ~state;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes) state = Table[(byte)(state ^ b)] ^ (state >> 8);
    }

    private static uint Remainder(uint value)
    {
        for (var bit = 0; bit < 8; bit++) value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ 0xEDB88320;
        return value;
    }
}

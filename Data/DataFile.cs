namespace PyNetSharp.Data;

/// <summary>
/// Opens data files; every error of the file system becomes an <see cref="InputException"/> that names the file.
/// </summary>
internal static class DataFile
{
    /// <summary>
    /// The maximum size in memory of one part, train or test: three times the largest set of the catalog. Both parts
    /// stay below a gigabyte, whatever a file's header announces.
    /// </summary>
    public const long MaxBytes = 448L << 20;

    /// <summary>Opens a file and reads it by <paramref name="read"/>, whose file errors are converted too.</summary>
    public static T Read<T>(string path, Func<FileStream, T> read) => WrapFileErrors(path, () =>
    {
        using var file = new FileStream(
            path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan);
        return file.CanSeek ? read(file) : throw new InputException($"'{path}' is not a file but a stream.");
    });

    /// <summary>
    /// Runs <paramref name="action"/>; file-system errors become <see cref="InputException"/>s that name the path.
    /// </summary>
    public static T WrapFileErrors<T>(string path, Func<T> action, string done = "read")
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException($"'{path}' is missing.");
        }
        catch (EndOfStreamException)
        {
            throw new InputException($"'{path}' ended while it was {done}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"'{path}' cannot be {done}: {e.Message}", e);
        }
    }

    /// <summary>The lines of a small text file, without empty ones, each with its number counted from 1.</summary>
    public static IReadOnlyList<(int Number, string Text)> ReadLines(string path, int maxBytes) =>
        Read<IReadOnlyList<(int, string)>>(path, file =>
        {
            if (file.Length > maxBytes)
                throw new InputException($"'{path}' has {file.Length} bytes; expected a text of at most {maxBytes}.");
            using var text = new StreamReader(file);
            return
            [
                .. from line in text.ReadToEnd().Split('\n').Index()
                   let words = line.Item.Trim()
                   where words.Length > 0
                   select (line.Index + 1, words),
            ];
        });
}

namespace PyNetSharp.Data;

/// <summary>
/// Opens data files so that whatever goes wrong is an <see cref="InputException"/> that names the file.
/// </summary>
internal static class DataFile
{
    /// <summary>
    /// The most bytes that one part, train or test, may take in memory: three times the largest set of the catalogue.
    /// Both parts together stay below a gigabyte, whatever a file claims.
    /// </summary>
    public const long MaxBytes = 448L << 20;

    /// <summary>
    /// Reads a file by <paramref name="read"/>, which need not think of what can go wrong with files.
    /// </summary>
    public static T Read<T>(string path, Func<FileStream, T> read) => WrapFileErrors(path, () =>
    {
        using var file = new FileStream(
            path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan);
        return file.CanSeek ? read(file) : throw new InputException($"'{path}' is not a file but a stream.");
    });

    /// <summary>Does something with a file; errors of the file system become faults that name the path.</summary>
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
    public static IReadOnlyList<(int Number, string Text)> ReadLines(string path, int mostBytes) =>
        Read<IReadOnlyList<(int, string)>>(path, file =>
        {
            if (file.Length > mostBytes)
                throw new InputException($"'{path}' has {file.Length} bytes; expected a text of at most {mostBytes}.");
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

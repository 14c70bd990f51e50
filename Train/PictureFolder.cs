using System.Security.Cryptography;
using System.Text;
using PyNetSharp.Data;
using PyNetSharp.Images;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary>A folder of pictures as a run's data set: what <c>--data</c> names where it names no set.</summary>
/// <param name="Folder">Its full path.</param>
/// <param name="Item">The shape [c, h, w] of the items.</param>
/// <param name="TestShare">The share of each class that is for testing; null for the default, or with parts.</param>
/// <param name="Seed">Chooses them.</param>
/// <param name="SkipsDamaged">Whether damaged files are left out; otherwise they are errors.</param>
internal sealed record PictureFolder(string Folder, Shape Item, double? TestShare, ulong Seed, bool SkipsDamaged)
{
    public const double DefaultTestShare = 0.1;

    /// <summary>Whether a text names a folder: it is no data set's name, and has a separator or exists.</summary>
    public static bool IsOne(string data) =>
        !DataCatalog.Names.Contains(data) && !data.Contains('\0') && !CsvFile.IsOne(data)
        && (data.IndexOfAny([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar]) >= 0
            || data.StartsWith('~') || Directory.Exists(data));

    /// <summary>The full path of a folder or a file; other names as they are.</summary>
    public static string Resolve(string data) =>
        IsOne(data) || CsvFile.IsOne(data) ? Path.GetFullPath(UserPath.Expand(data)) : data;

    /// <summary>A name for files and folders: of a folder its last part, of a file that without its ending.</summary>
    public static string NameOf(string data) =>
        CsvFile.IsOne(data) ? Path.GetFileNameWithoutExtension(data)
        : IsOne(data) ? Path.GetFileName(Path.TrimEndingDirectorySeparator(data)) : data;

    /// <summary>The items that a network takes: of its channels, and as large as its recipe resizes to.</summary>
    public static Shape ItemFor(NetworkDefinition network, int? resize)
    {
        var side = resize ?? network.Input[1];
        return [network.Input[0], side, side];
    }

    /// <summary>Reads training and test pictures.</summary>
    /// <exception cref="InputException">The folder is faulty.</exception>
    public TrainTestSplit Load() => Load(options => ImageFolder.Load(Folder, Item, options));

    /// <summary>Reads all pictures, or those of <c>test/</c>, as one part.</summary>
    /// <param name="classNames">The classes of the weights; null for those of the folder.</param>
    /// <exception cref="InputException">The folder is faulty.</exception>
    public Dataset LoadAll(IReadOnlyList<string>? classNames) => Load(
        options => ImageFolder.LoadAll(Folder, Item, classNames ?? ImageFolder.FindClasses(Folder), options));

    /// <summary>A hash of the pictures' names.</summary>
    /// <exception cref="InputException">The folder cannot be read.</exception>
    public string Fingerprint()
    {
        var names = ImageFolder.FindFiles(Folder).Select(path => Path.GetRelativePath(Folder, path).Replace('\\', '/'));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', names))));
    }

    /// <summary>Checks that a run that resumes finds the pictures with which it began.</summary>
    /// <param name="kept">Their <see cref="Fingerprint"/>; null for a run that begins.</param>
    /// <exception cref="InputException">It does not.</exception>
    public void ThrowIfChanged(string? kept)
    {
        if (kept is not null && Directory.Exists(Folder) && Fingerprint() != kept)
            throw new InputException(
                $"'{Folder}' has other files than when the run began, so it would not resume the same training; put " +
                "those back, or begin another run.");
    }

    private T Load<T>(Func<ImageFolderOptions, T> load)
    {
        var options = new ImageFolderOptions
        {
            TestShare = TestShare ?? DefaultTestShare,
            Seed = Seed,
            Skipped = SkipsDamaged ? Report : null,
        };
        try
        {
            return load(options);
        }
        catch (ImageException fault)
        {
            throw new InputException($"{fault.Message} --skip-damaged leaves such files out.", fault);
        }
    }

    private static void Report(IReadOnlyList<ImageException> faults) => ConsoleOutput.WriteError(
        faults.Count == 1
            ? $"1 file is left out: {faults[0].Message}"
            : $"{NumberFormatting.Count(faults.Count)} files are left out, the first: {faults[0].Message}");
}

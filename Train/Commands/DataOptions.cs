using System.CommandLine;
using PyNetSharp.Data;
using PyNetSharp.Images;

namespace PyNetSharp.Train;

/// <summary>The options for data, which training and evaluation share.</summary>
internal sealed class DataOptions
{
    public Option<string?> Data { get; } = CheckedOption.Text(
        "--data", "NAME|DIR|FILE",
        $"{string.Join(", ", DataCatalog.Names)}; a folder with a folder of pictures for each class; or a .csv or " +
        ".tsv file. Default: the model's.",
        [.. DataCatalog.Names]);

    public Option<string?> Folder { get; } = CheckedOption.Path(
        "--data-dir", "DIR",
        "The folder that holds cifar10/ and others. " +
        $"Default: ${DataCatalog.FolderVariable}, or ./{DataCatalog.DefaultFolder}.");

    public Option<bool> Download { get; } = CheckedOption.Switch(
        "--download", "Download the set from its home address, unless it is there.");

    public Option<int?> Resize { get; } = CheckedOption.Integer(
        "--resize",
        "Resize images to N×N, a folder's after a crop. Default: the model's.",
        SettingRange.Resize);

    public Option<double?> TestShare { get; } = CheckedOption.Number(
        "--split", "X",
        "The share of a folder's pictures or a file's lines to test on. Default: 0.1.", SettingRange.TestShare);

    public Option<string?> Label { get; } = CheckedOption.Text(
        "--label", "COLUMN", "The column of a .csv file that has the classes; all others are numbers.");

    public Option<string?> Separator { get; } = CheckedOption.Checked(
        "--separator", "C", "Between a file's fields: ';' or tab. Default: a comma, in .tsv a tab.",
        CsvFile.SeparatorText, text => CsvFile.ParseSeparator(text) is not null);

    public Option<bool> SkipDamaged { get; } = CheckedOption.Switch(
        "--skip-damaged", "Leave out a folder's invalid image files, which are errors otherwise.");

    /// <summary>Reads the set, after downloading it if <see cref="Download"/> was given.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="name">The set.</param>
    /// <param name="folder">The data folder; null for the environment's or the default one.</param>
    /// <param name="screen">Displays the download.</param>
    /// <exception cref="InputException">The set is not there, or faulty.</exception>
    public TrainTestSplit Load(ParseResult parse, string name, string? folder, ConsoleOutput screen)
    {
        if (parse.GetValue(SkipDamaged))
            throw new InputException(
                $"{SkipDamaged.Name} belongs to a folder of pictures, but the data set is {name}.");
        if (parse.GetValue(Download)) screen.Download(name, DataCatalog.DataFolder(folder));
        try
        {
            return DataCatalog.Load(name, folder);
        }
        catch (DatasetNotFoundException fault)
        {
            throw new InputException(
                $"{fault.Message} Give {Folder.Name} or {DataCatalog.FolderVariable} a folder that holds {name}/, or " +
                $"download the set with {Download.Name}.", fault);
        }
    }

    /// <summary>How a file of comma-separated values is read; null for other data.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="data">The set, or a path.</param>
    /// <param name="kept">What is known of the file; null for a file that is new.</param>
    /// <exception cref="InputException">The column of the classes is not known, or there is no such file.</exception>
    public CsvOptions? ReadCsv(ParseResult parse, string data, CsvOptions? kept = null)
    {
        Option[] own = [Label, Separator];
        if (!CsvFile.IsOne(data))
            return Array.Find(own, option => parse.GetResult(option) is { Implicit: false }) is { } given
                ? throw new InputException(
                    $"{given.Name} belongs to a file of comma-separated values, but the data are {data}.")
                : null;
        var separator = (parse.GetValue(Separator) is { } text ? CsvFile.ParseSeparator(text) : kept?.Separator)
            ?? CsvFile.DefaultSeparator(data);
        var label = parse.GetValue(Label) ?? kept?.Label ?? throw WithoutLabel(data, separator);
        return (kept ?? new(label)) with { Label = label, Separator = separator };
    }

    /// <summary>Before a file is asked about, it must be there.</summary>
    private InputException WithoutLabel(string data, char separator) => new(
        $"{Label.Name} is missing: which column of '{data}' has the classes? Line 1 names " +
        $"{CsvReader.QuoteColumns(CsvReader.ReadColumns(data, separator))}.");

    /// <summary>The share to test on that a new run uses; null where its data have parts.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="data">The set, or a folder's path.</param>
    /// <param name="otherwise">That of the settings which the command line changes; null for the default.</param>
    /// <exception cref="InputException">One was given that cannot be used.</exception>
    public double? ReadTestShare(ParseResult parse, string data, double? otherwise = null)
    {
        var given = parse.GetValue(TestShare);
        if (CsvFile.IsOne(data)) return given ?? otherwise ?? PictureFolder.DefaultTestShare;
        if (!PictureFolder.IsOne(data))
            return given is null ? null : throw new InputException(
                $"{TestShare.Name} belongs to a folder of pictures or a file, but the data set is {data}, which has " +
                "parts.");
        if (!ImageFolder.HasParts(data)) return given ?? otherwise ?? PictureFolder.DefaultTestShare;
        return given is null ? null : throw new InputException(
            $"{TestShare.Name}: '{data}' has train/ and test/, which are the parts; leave it out.");
    }
}

using System.CommandLine;
using PyNetSharp.Data;

namespace PyNetSharp.Train;

/// <summary>The options for data, which training and evaluation share.</summary>
internal sealed class DataOptions
{
    public Option<string?> Data { get; } = CheckedOption.Text(
        "--data", "NAME", $"The data set: {string.Join(", ", DataCatalog.Names)}. Default: the model's.");

    public Option<string?> Folder { get; } = CheckedOption.Path(
        "--data-dir", "DIR",
        "The folder that holds cifar10/, fashion-mnist/, …, or is the set's own. " +
        $"Default: the variable {DataCatalog.FolderVariable}, or ./{DataCatalog.DefaultFolder}.");

    public Option<bool> Download { get; } = CheckedOption.Switch(
        "--download", "Download the set from its home address, unless it is there.");

    public Option<int?> Resize { get; } = CheckedOption.Integer(
        "--resize", "Resize images to N×N, bilinearly. Default: the model's size.", SettingRange.Resize);

    /// <summary>Reads the set, after downloading it if <see cref="Download"/> was given.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="name">The set.</param>
    /// <param name="folder">The data folder; null for the environment's or the default one.</param>
    /// <param name="screen">Displays the download.</param>
    /// <exception cref="InputException">The set is not there, or faulty.</exception>
    public TrainTestSplit Load(ParseResult parse, string name, string? folder, ConsoleOutput screen)
    {
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
}

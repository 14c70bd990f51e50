using System.CommandLine;
using PyNetSharp.Data;

namespace PyNetSharp.Train;

/// <summary>Where the images come from: the options that training and evaluation share.</summary>
internal sealed class DataOptions
{
    private const string EnvironmentVariable = "PYNET_DATA", DefaultFolder = "data";

    public Option<string?> Data { get; } = CheckedOption.Text(
        "--data", "NAME", $"The data set: {string.Join(", ", DataCatalog.Names)}. Default: the model's.");

    public Option<string?> Folder { get; } = CheckedOption.Path(
        "--data-dir", "DIR",
        "The folder that holds cifar10/, fashion-mnist/, …, or is the set's own. " +
        $"Default: the variable {EnvironmentVariable}, or ./{DefaultFolder}.");

    public Option<bool> Download { get; } = CheckedOption.Switch(
        "--download", "Fetch the set from its home address, unless it is there.");

    public Option<int?> Resize { get; } = CheckedOption.Integer(
        "--resize", "Resize images to N×N, bilinearly. Default: the model's size.", 1, 1024);

    /// <summary>Reads the set, after fetching it if that was asked for.</summary>
    public TrainTestSplit Load(ParseResult parse, string name, ConsoleOutput screen)
    {
        var folder = parse.GetValue(Folder) ?? FolderFromEnvironment();
        if (parse.GetValue(Download)) screen.Download(name, folder ??= DefaultFolder);
        else if (folder is null && Path.Exists(DefaultFolder)) folder = DefaultFolder;
        return DataCatalog.Load(name, folder);
    }

    private static string? FolderFromEnvironment()
    {
        if (Environment.GetEnvironmentVariable(EnvironmentVariable) is not { Length: > 0 } path) return null;
        try
        {
            return UserPath.Expand(path);
        }
        catch (InputException fault)
        {
            throw new InputException($"the variable {EnvironmentVariable}: {fault.Message}", fault);
        }
    }
}

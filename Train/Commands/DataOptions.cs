using System.CommandLine;

namespace PyNetSharp;

/// <summary>Where the images come from: the options that training and evaluation share.</summary>
internal sealed class DataOptions
{
    private const string Variable = "PYNET_DATA", Habit = "data";

    public Option<string?> Data { get; } = CheckedOption.Text(
        "--data", "NAME", $"The data set: {string.Join(", ", DataCatalog.Names)}. Default: the model's.");

    public Option<string?> Folder { get; } = CheckedOption.Path(
        "--data-dir", "DIR",
        "The folder that holds cifar10/, fashion-mnist/, …, or is the set's own. " +
        $"Default: the variable {Variable}, or ./{Habit}.");

    public Option<bool> Download { get; } = CheckedOption.Flag(
        "--download", "Fetch the set from its home address, unless it is there.");

    public Option<int?> Resize { get; } = CheckedOption.Whole(
        "--resize", "Resize images to N×N, bilinearly. Default: the model's size.", 1, 1024);

    /// <summary>Reads the set, after fetching it if that was asked for.</summary>
    public TrainTest Load(ParseResult parse, string name, Screen screen)
    {
        var folder = parse.GetValue(Folder) ?? FromVariable();
        if (parse.GetValue(Download)) screen.Download(name, folder ??= Habit);
        else if (folder is null && Path.Exists(Habit)) folder = Habit;
        return DataCatalog.Load(name, folder);
    }

    private static string? FromVariable()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } path) return null;
        try
        {
            return UserPath.Expand(path);
        }
        catch (InputException fault)
        {
            throw new InputException($"the variable {Variable}: {fault.Message}", fault);
        }
    }
}

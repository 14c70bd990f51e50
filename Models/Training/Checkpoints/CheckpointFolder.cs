using System.Globalization;
using System.Text.RegularExpressions;
using PyNetSharp.Layers;

namespace PyNetSharp.Training;

/// <summary>The checkpoints of a training: <c>checkpoint-000000500.safetensors</c>, by the steps done.</summary>
internal static partial class CheckpointFolder
{
    /// <summary>What is appended to the name of a file that is damaged.</summary>
    public const string DamagedSuffix = ".damaged";

    /// <summary>The path of the checkpoint after a step.</summary>
    public static string PathOf(string folder, long step) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"checkpoint-{step:D9}.safetensors"));

    /// <summary>The checkpoints in a folder, newest first; none if it does not exist.</summary>
    public static IReadOnlyList<(long Step, string Path)> Find(string folder) =>
        !Directory.Exists(folder) ? [] :
        [
            .. Directory.GetFiles(folder, "checkpoint-*.safetensors")
                .Select(path => (Match: FileName().Match(Path.GetFileName(path)), path))
                .Where(file => file.Match.Success)
                .Select(file => (Step: StepOf(file.Match), file.path))
                .OrderByDescending(file => file.Step),
        ];

    /// <summary>Renames a file that cannot be used, so that it is not taken for the newest again.</summary>
    public static void SetAside(string path)
    {
        try
        {
            FileOperations.Rename(path, path + DamagedSuffix);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // It is skipped again the next time.
        }
    }

    /// <summary>
    /// Deletes the checkpoints after a step to which training has returned, as far as possible: a run that resumes from
    /// one that is left returns once more.
    /// </summary>
    public static void DeleteAfter(string folder, long step)
    {
        foreach (var (_, path) in Find(folder).Where(file => file.Step > step))
        {
            try
            {
                FileOperations.Delete(path);
            }
            catch (Exception fault) when (FileErrors.IsWriteError(fault))
            {
            }
        }
    }

    /// <summary>Deletes all checkpoints but the newest.</summary>
    /// <exception cref="InputException">One cannot be deleted.</exception>
    public static void Prune(string folder, int keep)
    {
        foreach (var (_, path) in Find(folder).Skip(keep))
        {
            try
            {
                FileOperations.Delete(path);
            }
            catch (Exception fault) when (FileErrors.IsWriteError(fault))
            {
                throw new InputException($"'{path}' cannot be deleted: {FileErrors.Describe(fault)}", fault);
            }
        }
    }

    private static long StepOf(Match match) => long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^checkpoint-(\d{9,18})\.safetensors$")]
    private static partial Regex FileName();
}

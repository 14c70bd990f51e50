using System.Globalization;
using System.Text.RegularExpressions;
using PyNetSharp.Layers;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>
/// The weights that a run keeps every few batches, in files as <c>weights-epoch2-batch1000-acc0.7350.safetensors</c>:
/// the accuracy is that on the epoch's training images so far.
/// </summary>
/// <remarks>
/// The files are those of the steps done. Each is written before any checkpoint of its step is, so that a run that
/// resumes lacks none. Those of steps that are to be done again are deleted first: on another device, or with a smaller
/// learning rate, their names would have another accuracy.
/// </remarks>
/// <param name="folder">The run's folder.</param>
/// <param name="every">As <see cref="PyNetSharp.Models.Recipe.SaveEvery"/>.</param>
/// <param name="say">Prints a line.</param>
/// <param name="metadata">The metadata of the files; null for none.</param>
internal sealed partial class WeightsHistory(
    RunFolder folder, int every, Action<string> say, IReadOnlyDictionary<string, string>? metadata)
{
    private int faults;

    /// <summary>The files of a folder, which need not exist.</summary>
    public static IEnumerable<(int Epoch, int Batch, string Path)> Find(string folder) =>
        !Directory.Exists(folder) ? [] :
            from path in Directory.GetFiles(folder, "weights-*.safetensors")
            let match = FileName().Match(Path.GetFileName(path))
            where match.Success
            select (Number(match.Groups[1]), Number(match.Groups[2]), path);

    /// <summary>Whether weights are to be kept after a step.</summary>
    public bool IsDue(StepRecord step) => step.HasMultipleOf(every);

    /// <summary>Writes the weights of a step, unless they are not finite; what fails is said once.</summary>
    public void Write(Trainer trainer, StepRecord step)
    {
        var name = string.Create(
            CultureInfo.InvariantCulture,
            $"weights-epoch{step.Epoch}-batch{step.Batch}-acc{step.Accuracy ?? 0:0.0000}.safetensors");
        if (NonFinite.In(trainer.Model) is not null) return;
        Try(() => trainer.Model.Save(Path.Combine(folder.Folder, name), metadata), "Training goes on without it.");
    }

    /// <summary>Deletes the files of all steps after one.</summary>
    public void DeleteAfter(Trainer trainer, long step)
    {
        foreach (var (epoch, batch, path) in Find(folder.Folder))
            if (StepOf(epoch, batch) > step)
                Try(() => FileOperations.Delete(path), $"'{path}' is of a step that is done again.");

        long StepOf(int epoch, int batch) =>
            (epoch - 1L) * trainer.StepsPerEpoch + (batch + trainer.AccumulateSteps - 1L) / trainer.AccumulateSteps;
    }

    /// <summary>Says how many operations failed, where there was more than the one that was reported.</summary>
    public void ReportFaults()
    {
        if (faults > 1) say($"warning: {faults} files of weights of --save-every could not be written or deleted.");
        faults = 0;
    }

    private void Try(Action change, string consequence)
    {
        try
        {
            change();
        }
        catch (Exception fault) when (fault is InputException || FileErrors.IsWriteError(fault))
        {
            if (++faults > 1) return;
            var why = fault is InputException ? fault.Message : $"'{folder.Folder}': {FileErrors.Describe(fault)}";
            say($"warning: {why} {consequence}");
        }
    }

    private static int Number(Group digits) => int.Parse(digits.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^weights-epoch(\d{1,9})-batch(\d{1,9})-acc[01]\.\d{4}\.safetensors$")]
    private static partial Regex FileName();
}

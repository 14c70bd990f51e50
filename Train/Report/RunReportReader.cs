using PyNetSharp.Data;
using PyNetSharp.Models;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>Makes a run's report from its folder: what files are missing for is left out and said.</summary>
/// <param name="folder">The run's.</param>
/// <param name="dataFolder">The data folder; null for the run's, the environment's or the default one.</param>
/// <param name="screen">Shows the progress of the evaluation.</param>
internal sealed class RunReportReader(RunFolder folder, string? dataFolder, ConsoleOutput screen)
{
    private readonly List<string> notes = [];

    /// <summary>The settings and epochs of a run.</summary>
    /// <exception cref="InputException">The folder holds no run, or its files are faulty.</exception>
    public static RunReport ReadEpochs(RunFolder folder)
    {
        var config = folder.ReadConfig();
        config.Check(folder.ConfigPath);
        var epochs = File.Exists(folder.MetricsPath) ? MetricsFile.Read(folder.MetricsPath) : [];
        return new()
        {
            Title = $"{config.Model} on {config.Data}",
            Folder = folder.Folder,
            Config = config,
            Epochs = epochs,
            State = epochs is [.., var last] && last.Epoch >= config.Epochs
                ? "complete" : $"{epochs.Count} of {NumberFormatting.Count(config.Epochs)} epochs are done",
        };
    }

    /// <summary>The report of a run, whose best weights are evaluated on the test items, if both are there.</summary>
    /// <returns>Null if it was canceled.</returns>
    /// <exception cref="InputException">The folder holds no run, or its settings or metrics are faulty.</exception>
    public RunReport? Read(Device device, CancellationToken cancellation)
    {
        var report = ReadEpochs(folder);
        if (report.Epochs.Count == 0) notes.Add("No epoch is done yet: there are no curves.");
        if (OpenWeights(report.Config) is { } trained)
        {
            var best = trained.WeightsPath == folder.BestWeightsPath;
            var epoch = best
                ? LearningCurves.Best(report.Epochs)?.Epoch : report.Epochs is [.., var last] ? last : null;
            var weights = best ? "the best weights" : "the last weights";
            if (epoch is not null) weights += $", of epoch {epoch.Epoch}";
            var model = trained.Load();
            model.To(device);
            var layers = ModelSummary.Of(model, trained.Options.Input);
            report = report with { Layers = LayerTimes.WithoutTimes(layers) };
            if (LoadData(report.Config, device) is { } sets)
            {
                var measured = Measure(report, trained, model, weights, layers, sets, device, cancellation);
                if (measured is null) return null;
                report = measured;
            }
            else
            {
                report = report with { Pictures = ModelPictures.OfFilters(model, weights, trained.Options.Input) };
            }
        }

        return report with { Notes = notes };
    }

    private TrainedNetwork? OpenWeights(RunConfig config)
    {
        try
        {
            return TrainedNetwork.Open(folder.Folder, null, null, recipe => recipe, dataFolder ?? config.DataDir);
        }
        catch (InputException fault)
        {
            notes.Add($"{fault.Message} So there are no layers, filters, activations and no confusion matrix.");
            return null;
        }
    }

    private TrainTestSplit? LoadData(RunConfig config, Device device)
    {
        try
        {
            return config.ToSettings(device, folder).LoadOwnData()
                ?? DataCatalog.Load(config.Data, dataFolder ?? config.DataDir);
        }
        catch (InputException fault)
        {
            notes.Add(
                $"{fault.Message} So there is no confusion matrix, and there are no wrong images, activations and " +
                "times of layers; --data-dir names the folder of the data.");
            return null;
        }
    }

    private RunReport? Measure(
        RunReport report, TrainedNetwork trained, Module model, string weights, IReadOnlyList<LayerSummary> layers,
        TrainTestSplit sets, Device device, CancellationToken cancellation)
    {
        var transform = trained.Recipe.CreateTransforms(sets.Train);
        var size = TrainingSettings.LargestShardOf(report.Config.BatchSize, report.Config.Shards ?? 1);
        var loader = new DataLoader(sets.Test, size, transform, shuffle: false, device: device);
        if (loader.ItemShape != trained.Options.Input || sets.Test.ClassNames.Count != trained.Options.Classes)
        {
            notes.Add(
                $"The items of {report.Config.Data} are {loader.ItemShape} in {sets.Test.ClassNames.Count} classes, " +
                $"not {trained.Options.Input} in {trained.Options.Classes} as the weights expect: none is evaluated.");
            return report;
        }

        ActivationMemory.Check(device, layers, loader.ItemShape, loader.BatchSize, isTraining: false);
        Evaluation? result = null;
        try
        {
            screen.WithProgressBar("measuring", loader.Count, bar => result = Evaluation.Run(
                model, loader, cancellation: cancellation,
                progress: new EvaluationDisplay(screen, bar, "", loader.Count)));
        }
        catch (OperationCanceledException)
        {
            return null;
        }

        var timed = LayerTimes.Measure(model, layers, loader, out var count);
        return report with
        {
            Evaluation = WrongItems.Report("test", weights, result!, sets.Test),
            Layers = timed,
            TimedItems = count,
            Pictures = ModelPictures.Of(model, weights, sets.Test, ModelPictures.FirstInput(loader)),
        };
    }
}

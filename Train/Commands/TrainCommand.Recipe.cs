using System.CommandLine;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <content>A network's recipe, changed by options.</content>
internal sealed partial class TrainCommand
{
    /// <summary>
    /// The recipe with the width and the image size of the initial weights, unless options give others.
    /// </summary>
    /// <exception cref="InputException">The weights are of another network or data set, without --new-head.</exception>
    private Recipe ApplyOrigin(Recipe recipe, string network, ParseResult parse)
    {
        if (parse.GetValue(weights) is not { } file)
            return parse.GetValue(newHead)
                ? throw new InputException("--new-head needs --weights; without them all layers are new.")
                : recipe;

        var origin = WeightMetadata.Read(file);
        if (!parse.GetValue(newHead)) WeightOrigin.Check(origin, file, network, recipe.Data);
        return origin.Model != network ? recipe : recipe with
        {
            WidthMultiplier = parse.GetValue(width) ?? origin.WidthMultiplier ?? recipe.WidthMultiplier,
            Resize = parse.GetValue(data.Resize) ?? origin.Resize ?? recipe.Resize,
        };
    }

    private Recipe ApplyOptions(Recipe recipe, ParseResult parse, bool evaluates)
    {
        var kind = parse.GetValue(optimizer) ?? recipe.Optimizer;
        ThrowIfOtherOptimizers(parse, kind);
        var isChanged = kind != recipe.Optimizer;
        var defaultMomentum = isChanged && kind == OptimizerKind.RMSprop ? 0 : recipe.Momentum;
        var momentumValue = (float)(parse.GetValue(momentum) ?? defaultMomentum);
        if (momentumValue == 0 && parse.GetValue(nesterov) == BooleanChoice.True)
            throw new InputException("--nesterov true needs a --momentum above 0.");

        var defaultRate = !isChanged ? recipe.LearningRate
            : kind is OptimizerKind.Adam or OptimizerKind.AdamW ? 0.001f
            : 0.01f;
        var defaultDecay = isChanged && kind == OptimizerKind.AdamW ? 0.01f : recipe.WeightDecay;
        var length = parse.GetValue(epochs) ?? recipe.Epochs;
        return recipe with
        {
            Data = parse.GetValue(data.Data) is { } chosenData ? PictureFolder.Resolve(chosenData) : recipe.Data,
            WidthMultiplier = parse.GetValue(width) ?? recipe.WidthMultiplier,
            Dropout = (float?)parse.GetValue(dropout) ?? recipe.Dropout,
            Resize = parse.GetValue(data.Resize) ?? recipe.Resize,
            BatchSize = parse.GetValue(batchSize) ?? recipe.BatchSize,
            Optimizer = kind,
            LearningRate = (float)(parse.GetValue(learningRate) ?? defaultRate),
            Momentum = momentumValue,
            Nesterov = momentumValue > 0
                && (parse.GetValue(nesterov) is { } chosen ? chosen == BooleanChoice.True : recipe.Nesterov),
            WeightDecay = (float)(parse.GetValue(weightDecay) ?? defaultDecay),
            Schedule = parse.GetValue(schedule) is { } text ? ScheduleText.Parse(text, length) : recipe.Schedule,
            Epochs = length,
            Validation = ReadValidation(parse, evaluates) ?? recipe.Validation,
            EvaluateEvery = parse.GetValue(evaluateEvery)
                ?? (regularization.HasPatience(parse) ? 1 : recipe.EvaluateEvery),
            TestEvery = parse.GetValue(testEvery) ?? recipe.TestEvery,
            LogEvery = parse.GetValue(run.LogEvery) ?? recipe.LogEvery,
            SaveEvery = parse.GetValue(run.SaveEvery) ?? recipe.SaveEvery,
        };
    }

    /// <summary>The items to hold out: none where nothing is evaluated; null for the recipe's.</summary>
    /// <exception cref="InputException">An option of the evaluation contradicts that.</exception>
    private double? ReadValidation(ParseResult parse, bool evaluates)
    {
        var given = parse.GetValue(validation);
        if (Evaluates(parse, evaluates)) return given;
        Option[] others = [evaluateEvery, testEvery, evaluateLimit];
        var other = given > 0 ? validation : Array.Find(others, o => parse.GetResult(o) is { Implicit: false });
        return other is null ? 0 : throw new InputException(
            $"{other.Name}: with --evaluate never nothing is measured; leave one of them out.");
    }

    /// <param name="parse">The command line.</param>
    /// <param name="otherwise">What the settings say that it changes.</param>
    private bool Evaluates(ParseResult parse, bool otherwise) =>
        parse.GetValue(evaluate) is { } choice ? choice == EvaluationChoice.Always : otherwise;

    /// <summary>The settings of a run that is to be repeated.</summary>
    /// <exception cref="InputException">The file cannot be read, or a setting is faulty or unknown.</exception>
    private static RunConfig ReadConfig(string path)
    {
        var file = Directory.Exists(path) ? new RunFolder(path).ConfigPath : path;
        var config = RunConfigFile.Read(file);
        config.Check(file);
        return config;
    }

    /// <summary>A run's settings; what its optimizer does not have is the network's own.</summary>
    private static TrainingSettings SettingsOf(RunConfig config)
    {
        var settings = config.ToSettings(Device.Cpu, new("none"));
        var own = settings.Network.Recipe;
        return settings with
        {
            Recipe = settings.Recipe with
            {
                Momentum = config.Momentum ?? own.Momentum,
                Nesterov = config.Nesterov ?? own.Nesterov,
            },
        };
    }

    /// <exception cref="InputException">An option was given that the optimizer does not have.</exception>
    private void ThrowIfOtherOptimizers(ParseResult parse, OptimizerKind kind)
    {
        var name = kind.ToString().ToLowerInvariant();
        if (kind is OptimizerKind.Adam or OptimizerKind.AdamW && parse.GetResult(momentum) is not null)
            throw Error(momentum, "sgd and rmsprop");
        if (kind != OptimizerKind.Sgd && parse.GetResult(nesterov) is not null) throw Error(nesterov, "sgd");

        InputException Error(Option option, string owners) => new(
            $"{option.Name} belongs to {owners}, but the optimizer is {name}; leave it out, or give --optimizer sgd.");
    }
}

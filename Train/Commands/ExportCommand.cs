using System.CommandLine;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Onnx;

namespace PyNetSharp.Train;

/// <summary><c>pynet export</c>: a trained network for other programs.</summary>
internal sealed class ExportCommand : ConsoleCommand
{
    private enum Format
    {
        Onnx,
        Safetensors,
        Npz,
    }

    private readonly Argument<string> source = new("RUN|WEIGHTS")
    {
        Description = "A run's folder, or a file of weights (safetensors).",
    };

    private readonly Option<Format?> format = CheckedOption.Choice<Format>(
        "--format",
        "onnx: the network, for ONNX Runtime and others; safetensors, npz: its weights alone, for PyTorch and NumPy. " +
        "Default: onnx.");

    private readonly Option<string?> output = CheckedOption.Path(
        "--out", "FILE", "The file to write. Default: the weights' name, with the format's ending.");

    private readonly Option<bool> withPreprocessing = CheckedOption.Switch(
        "--with-preprocessing",
        "Resize and normalize within the ONNX file: it takes images of any size, N×H×W×C bytes.");

    private readonly Option<RunWeights?> weights = CheckedOption.Choice<RunWeights>(
        "--weights", "Which weights of a run. Default: best, or last if there are no others.");

    private readonly Option<string?> model = CheckedOption.Text(
        "--model", "NAME", "The network, where a file does not say it. Default: the file's.");

    private readonly Option<double?> width = CheckedOption.Number(
        "--width", "X", "The multiplier of the hidden channels. Default: the file's, or 1.", SettingRange.Width);
    private readonly DataOptions data = new();

    public ExportCommand()
        : base("export", "export RUN|WEIGHTS", "Write a trained network for other programs: ONNX, safetensors, NumPy.")
    {
        Add(source);
        AddGroup("Output", format, output, withPreprocessing);
        AddGroup("Network", weights, model, width, data.Resize, data.Folder);
        Examples.AddRange(
        [
            ("pynet export runs/first", "Write the best weights' network as runs/first/best.onnx."),
            ("pynet export runs/first --with-preprocessing --out nin.onnx", "Write one that takes images of any size."),
            ("pynet export alexnet.safetensors --model alexnet --format npz", "Write weights for NumPy."),
        ]);
    }

    private static string Version => typeof(ExportCommand).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    protected override int Run(ParseResult parse)
    {
        var (kind, preprocess) = (parse.GetValue(format) ?? Format.Onnx, parse.GetValue(withPreprocessing));
        if (preprocess && kind != Format.Onnx)
            throw new InputException(
                "--with-preprocessing is for --format onnx; the other formats have weights alone.");
        var trained = TrainedNetwork.Open(
            UserPath.Expand(parse.GetValue(source)!), parse.GetValue(weights), parse.GetValue(model),
            recipe => recipe with
            {
                WidthMultiplier = parse.GetValue(width) ?? recipe.WidthMultiplier,
                Resize = parse.GetValue(data.Resize) ?? recipe.Resize,
            },
            parse.GetValue(data.Folder));
        if (preprocess && !trained.HasImages)
            throw new InputException(
                $"--with-preprocessing is for images; {trained.Network.Name} takes items of {trained.Options.Input}.");

        var ending = kind.ToString().ToLowerInvariant();
        var path = parse.GetValue(output) ?? Path.ChangeExtension(trained.WeightsPath, ending);
        if (Path.GetFullPath(path) == Path.GetFullPath(trained.WeightsPath))
            throw new InputException($"'{path}' would be replaced by itself; --out FILE names another.");
        Write(trained, kind, preprocess, path);
        new ConsoleOutput().WriteResult(Describe(trained, kind, preprocess, path));
        return 0;
    }

    private static void Write(TrainedNetwork trained, Format kind, bool preprocess, string path)
    {
        var built = trained.Load();
        switch (kind)
        {
            case Format.Safetensors: built.Save(path, trained.ToMetadata()); break;
            case Format.Npz: NumpyArchive.Write(path, built.State()); break;
            default:
                try
                {
                    var example = Tensor.Uniform([2, .. trained.Options.Input], 0, 1, new Rng(0));
                    built.SaveOnnx(path, example, OptionsFor(trained, preprocess));
                }
                catch (NotSupportedException fault)
                {
                    throw new InputException(fault.Message, fault);
                }

                break;
        }
    }

    private static OnnxOptions OptionsFor(TrainedNetwork trained, bool preprocess)
    {
        var (metadata, recipe, item) = (trained.ToMetadata(), trained.Recipe, trained.Options.Input);
        if (trained.HasImages) metadata["preprocessing"] = DescribePreprocessing(trained, preprocess).ToJsonString();
        return new()
        {
            Metadata = metadata,
            Preprocessing = preprocess ? new(item[1], item[2], [recipe.Mean], [recipe.Std]) : null,
            ProducerName = "pynet",
            ProducerVersion = Version,
        };
    }

    /// <summary>What is to be done with bytes before the network, and whether the file does it.</summary>
    private static JsonObject DescribePreprocessing(TrainedNetwork trained, bool isInGraph) => new()
    {
        ["divide_by"] = 255,
        ["resize"] = new JsonArray(trained.Options.Input[1], trained.Options.Input[2]),
        ["interpolation"] = "bilinear, half-pixel centers, no antialiasing",
        ["mean"] = trained.Recipe.Mean,
        ["std"] = trained.Recipe.Std,
        ["channels"] = trained.Options.Input[0] == 3 ? "RGB" : "gray",
        ["in_graph"] = isInGraph,
    };

    private static string Describe(TrainedNetwork trained, Format kind, bool preprocess, string path)
    {
        var item = trained.Options.Input;
        var size = File.Exists(path) ? $", {NumberFormatting.Bytes(new FileInfo(path).Length)}" : "";
        var from = $"{trained.Network.Name}'s weights of {trained.WeightsPath}";
        if (kind != Format.Onnx) return $"{path}: {from} as {kind.ToString().ToLowerInvariant()}{size}";
        var input = preprocess
            ? $"uint8 [N, H, W, {item[0]}], images of any size"
            : $"float32 [N, {string.Join(", ", item)}]" + (trained.HasImages ? ", normalized images" : "");
        var names = trained.ClassNames is null ? $"{trained.Options.Classes} classes without names" : string.Create(
            CultureInfo.InvariantCulture, $"{trained.Options.Classes} classes");
        return $"{path}: {from}, {names}, as ONNX (opset {OnnxGraph.OpsetVersion}){size}\n" +
            $"input: {input}; output: float32 [N, {trained.Options.Classes}], scores";
    }
}

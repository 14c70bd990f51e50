using System.CommandLine;
using Microsoft.ML.OnnxRuntime;
using PyNetSharp.Benchmarks;

var model = new Argument<string>("MODEL") { Description = "An ONNX file with an input and an output." };
var batch = new Option<int>("--batch") { Description = "Images per step.", DefaultValueFactory = _ => 1 };
var threads = new Option<int>("--threads")
{
    Description = "Threads that compute.", DefaultValueFactory = _ => Environment.ProcessorCount,
};
var noSpinning = new Option<bool>("--no-spinning") { Description = "Threads that wait sleep at once." };
var root = new RootCommand("Inference in ONNX Runtime, a peer of `Benchmarks -- compare`: serves steps.")
{
    model, batch, threads, noSpinning,
};
root.SetAction(parse => Serve(
    parse.GetValue(model)!, parse.GetValue(batch), parse.GetValue(threads), parse.GetValue(noSpinning)));
return root.Parse(args).Invoke();

// Every step computes the same outputs in place from the same images: nothing but the model is timed.
static void Serve(string path, int images, int count, bool sleeps)
{
    using var options = new SessionOptions
    {
        GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        IntraOpNumThreads = count,
        InterOpNumThreads = 1,
    };
    if (sleeps) options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
    options.AddFreeDimensionOverrideByName("N", images);
    using var session = new InferenceSession(path, options);
    using var run = new RunOptions();
    using var binding = session.CreateIoBinding();
    var (input, output) = (session.InputMetadata.Single(), session.OutputMetadata.Single());
    var random = new Random(1);
    using var x = Allocate(input.Value, random.NextSingle);
    using var y = Allocate(output.Value, () => 0);
    binding.BindInput(input.Key, x);
    binding.BindOutput(output.Key, y);
    StepLoop.Serve(
        $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}", "CPUExecutionProvider",
        () => session.RunWithBinding(run, binding));

    OrtValue Allocate(NodeMetadata tensor, Func<float> next)
    {
        long[] shape = [.. tensor.Dimensions.Select(extent => (long)(extent < 0 ? images : extent))];
        var values = new float[shape.Aggregate((a, b) => a * b)];
        for (var i = 0; i < values.Length; i++) values[i] = next();
        return OrtValue.CreateTensorValueFromMemory(values, shape);
    }
}

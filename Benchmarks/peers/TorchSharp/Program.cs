using System.CommandLine;
using System.Reflection;
using PyNetSharp.Benchmarks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

var name = new Argument<string>("NETWORK") { Arity = ArgumentArity.ZeroOrOne };
var batch = new Option<int>("--batch") { Description = "Images per step.", DefaultValueFactory = _ => 1 };
var threads = new Option<int>("--threads")
{
    Description = "Threads that compute.", DefaultValueFactory = _ => Environment.ProcessorCount,
};
var inference = new Option<bool>("--inference") { Description = "Inference instead of training." };
var layout = new Option<string>("--layout")
{
    Description = "Of images and weights in memory.", DefaultValueFactory = _ => "contiguous",
};
layout.AcceptOnlyFromAmong("contiguous", "channels_last");
var root = new RootCommand(
    "Steps in TorchSharp, a peer of `Benchmarks -- compare`: serves them; without a network only loads the library.")
{
    name, batch, threads, inference, layout,
};
root.SetAction(parse =>
{
    try
    {
        Native.Load();
    }
    catch (DllNotFoundException fault)
    {
        Console.Error.WriteLine(fault.Message);
        return 2;
    }

    if (parse.GetValue(name) is { } network)
        Serve(
            network, parse.GetValue(batch), parse.GetValue(threads), parse.GetValue(inference),
            parse.GetValue(layout) == "channels_last");
    return 0;
});
return root.Parse(args).Invoke();

static void Serve(string name, int images, int count, bool infers, bool channelsLast)
{
    set_num_threads(count);
    random.manual_seed(1);
    var (network, image) = Networks.Create(name);
    var x = rand([images, .. image]);
    if (channelsLast)
    {
        x = ToChannelsLast(x);
        foreach (var conv in network.modules().OfType<Conv2d>())
            conv.weight = new Parameter(ToChannelsLast(conv.weight!));
    }

    var version = typeof(torch).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>();
    StepLoop.Serve(
        $"TorchSharp {version?.InformationalVersion.Split('+')[0]}", Native.Describe(),
        infers ? InferenceStep(network, x) : TrainingStep(network, x));
}

// TorchSharp cannot ask for a memory layout, but these operations yield it.
static Tensor ToChannelsLast(Tensor x) => x.detach().permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

static Action InferenceStep(nn.Module<Tensor, Tensor> network, Tensor x)
{
    network.eval();
    return () =>
    {
        using var scope = NewDisposeScope();
        using var mode = inference_mode();
        network.forward(x);
    };
}

static Action TrainingStep(nn.Module<Tensor, Tensor> network, Tensor x)
{
    var labels = randint(0, 10, [x.shape[0]], ScalarType.Int64);
    var loss = nn.CrossEntropyLoss();
    var optimizer = optim.SGD(network.parameters(), learningRate: 0.01, momentum: 0.9, nesterov: true);
    network.train();
    return () =>
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        loss.forward(network.forward(x), labels).backward();
        optimizer.step();
    };
}

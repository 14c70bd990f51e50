using System.CommandLine;
using PyNetSharp.Benchmarks;
using PyNetSharp.Models;
using PyNetSharp;

var networks = new Argument<string[]>("NETWORKS")
{
    Arity = ArgumentArity.ZeroOrMore,
    Description = "Names from `pynet models`; the networks of the results table if none is given.",
};
var filter = new Argument<string>("FILTER")
{
    Description = "A part of the kernels' names, such as conv, weight gradient, nin-d2l. Default: all.",
    DefaultValueFactory = _ => "*",
};
var passFilter = new Option<string>("--filter")
{
    Description = "A part of the passes' names, such as 5×5, weight gradient, direct. Default: all.",
    DefaultValueFactory = _ => "",
};
var batch = new Option<int?>("--batch") { Description = "Images per step. Default: each network's own." };
var repeat = Number("--repeat", "Steps to time.", 9);
var rounds = Number("--rounds", "Rounds in which each program has a turn.", 7);
var threads = Number("--threads", "Threads of each program.", Environment.ProcessorCount);
var training = new Option<bool>("--training") { Description = "Only training." };
var inference = new Option<bool>("--inference") { Description = "Only inference." };
var plain = new Option<bool>("--plain") { Description = "Inference layer by layer, not of a compiled model." };
var byOp = new Option<bool>("--by-op") { Description = "Instead, the time of each op in a step." };
var device = new Option<string>("--device")
{
    Description = "Where to compute, as in `pynet devices`; several for one table: cpu,cuda.",
    DefaultValueFactory = _ => "cpu",
};
var precision = new Option<string>("--precision")
{
    Description = "Of products on a GPU: float32, or tf32 on tensor cores.",
    DefaultValueFactory = _ => "float32",
};
precision.AcceptOnlyFromAmong("float32", "tf32");
var json = new Option<string?>("--json") { Description = "Also write the figures, machine and versions to this file." };
var python = new Option<string?>("--python")
{
    Description = "A Python with PyTorch, or several: PATH,PATH. Default: python3, or the system's.",
};
var besideBusy = new Option<bool>("--beside-busy")
{
    Description = "Also repeat it all beside a process that keeps one core busy.",
};
var core = new Argument<int>("CORE");
var megabytes = new Option<double[]>("--megabytes")
{
    Description = "The sizes to sum. Default: 4 16 64 230.",
    AllowMultipleArgumentsPerToken = true,
    DefaultValueFactory = _ => [4, 16, 64, 230],
};
var peers = new Option<string>("--peers")
{
    Description = "What to compare with: " + string.Join(',', Peers.Names) + ".",
    DefaultValueFactory = _ => "pytorch",
};

var root = new RootCommand("How fast PyNetSharp is, in ratios to something measured beside it.")
{
    Action("peak", "The machine's multiply-add peak and memory bandwidth.", [threads, device, precision],
        parse => PeakTable.Print(parse.GetValue(threads), Devices(parse))),
    Action("steps", "Whole steps, training and inference: time, rate, memory.",
        [networks, batch, repeat, threads, device, precision, training, inference, plain, byOp, json], Steps),
    Action("compare", "The same steps here and in other programs by turns, in one sitting.",
        [
            networks, batch, rounds, threads, device, precision, training, inference, plain, peers, python, besideBusy,
            json,
        ],
        Compare),
    Action("op-cost", "What an op costs beside its arithmetic: recorded, not recorded, compiled.", [],
        _ => OpCostTable.Print()),
    Action("kernels", "Single passes of every layer, with BenchmarkDotNet; with --device in a table of devices.",
        [filter, threads, device, precision, json], Kernels),
    Action("passes", "The three passes of every large convolution, quickly.",
        [networks, passFilter, batch, threads, json],
        parse => PassTable.Print(
            Workload.Choose(parse.GetValue(networks)!, parse.GetValue(batch), trains: true),
            parse.GetValue(passFilter)!, parse.GetValue(threads), parse.GetValue(json))),
    Action("conv-variants", "One convolution in each variant from the naive loop to the final kernel.",
        [threads, json],
        parse => ConvVariantTable.Print(parse.GetValue(threads), parse.GetValue(json))),
    Action("exchange", "Under mpirun: how long the ranks take to sum gradients.", [megabytes, repeat],
        parse => ExchangeTable.Print(parse.GetValue(megabytes)!, parse.GetValue(repeat))),
    Action("report", "Makes the tables of README and docs from the checked-in results.", [],
        _ => Report.Write(Environment.CurrentDirectory)),
};
var serve = Action(
    "serve", "Runs steps for `steps` and `compare`.",
    [networks, batch, threads, device, precision, inference, plain], Serve);
var spin = Action(
    "spin", "Keeps a core busy, for `compare --beside-busy`.", [core], parse => BusyProcess.Spin(parse.GetValue(core)));
serve.Hidden = spin.Hidden = true;
root.Add(serve);
root.Add(spin);
try
{
    return root.Parse(args).Invoke(new() { EnableDefaultExceptionHandler = false });
}
catch (Exception fault) when (fault is InputException or OutOfMemoryException)
{
    Console.Error.WriteLine(fault.Message);
    return 2;
}

void Steps(ParseResult parse)
{
    var workloads = Workloads(parse);
    if (parse.GetValue(byOp))
        foreach (var workload in workloads)
            foreach (var each in Devices(parse)) OpTimeTable.Print(workload, parse.GetValue(repeat), each);
    else
        StepTable.Print(
            workloads, parse.GetValue(device)!.Split(','), parse.GetValue(repeat), parse.GetValue(threads),
            parse.GetValue(precision)!, parse.GetValue(json));
}

void Compare(ParseResult parse)
{
    using var models = new OnnxModels();
    var settings = new ComparisonSettings(
        parse.GetValue(rounds), parse.GetValue(threads), parse.GetValue(device)!, parse.GetValue(precision)!,
        parse.GetValue(besideBusy));
    var finder = new Peers(parse.GetValue(python)?.Split(',') ?? [], settings.Device, settings.Precision, models);
    var found = finder.Find(parse.GetValue(peers)!.Split(','), Console.WriteLine);
    ComparisonTable.Print(Workloads(parse), found, settings, parse.GetValue(json));
}

void Kernels(ParseResult parse)
{
    if (parse.GetResult(device) is { Implicit: false })
        DeviceKernelTable.Print(parse.GetValue(filter)!, Devices(parse), parse.GetValue(json));
    else KernelBenchmarks.RunAll(parse.GetValue(filter)!);
}

void Serve(ParseResult parse)
{
    var network = NetworkCatalog.Find(parse.GetValue(networks)![0]);
    var workload = new Workload(network, parse.GetValue(batch) ?? 1, !parse.GetValue(inference))
    {
        IsPlain = parse.GetValue(plain),
    };
    StepServer.Serve(workload, Devices(parse)[0]);
}

Device[] Devices(ParseResult parse)
{
    var names = parse.GetValue(device)!.Split(',');
    Device[] all = [.. names.Select(name => DeviceCatalog.Open(name, parse.GetValue(threads)))];
    if (parse.GetValue(precision) == "tf32")
        foreach (var gpu in all.Where(each => each is not CpuDevice)) gpu.Precision = Precision.Tf32;
    return all;
}

IReadOnlyList<Workload> Workloads(ParseResult parse) =>
[
    .. Workload.Choose(
            parse.GetValue(networks)!, parse.GetValue(batch),
            parse.GetValue(training) == parse.GetValue(inference) ? null : parse.GetValue(training))
        .Select(workload => workload with { IsPlain = parse.GetValue(plain) }),
];

static Option<int> Number(string name, string description, int defaultValue) =>
    new(name) { Description = description, DefaultValueFactory = _ => defaultValue };

static Command Action(string name, string description, Symbol[] symbols, Action<ParseResult> action)
{
    var command = new Command(name, description);
    foreach (var symbol in symbols)
        if (symbol is Option option) command.Add(option);
        else command.Add((Argument)symbol);
    command.SetAction(action);
    return command;
}

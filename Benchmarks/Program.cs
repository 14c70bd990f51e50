using System.CommandLine;
using BenchmarkDotNet.Running;
using PyNetSharp.Benchmarks;

var networks = new Argument<string[]>("networks") { Description = "Networks, by their names in `pynet models`; all that count if none is named.", Arity = ArgumentArity.ZeroOrMore };
var batch = new Option<int?>("--batch") { Description = "Images per step; each network has its own default." };
var repeat = new Option<int>("--repeat") { Description = "Steps to time.", DefaultValueFactory = _ => 7 };
var rounds = new Option<int>("--rounds") { Description = "How often the programs take turns.", DefaultValueFactory = _ => 7 };
var threads = new Option<int>("--threads") { Description = "Threads of both programs.", DefaultValueFactory = _ => Environment.ProcessorCount };
var python = new Option<string>("--python") { Description = "A Python that has PyTorch.", DefaultValueFactory = _ => "python3" };
var filter = new Argument<string>("filter") { Description = "Which kernels.", DefaultValueFactory = _ => "*" };
var inference = new Option<bool>("--inference") { Description = "Inference alone." };
var training = new Option<bool>("--training") { Description = "Training alone." };
var byOp = new Option<bool>("--by-op") { Description = "Where the time of each step goes." };

var peak = new Command("peak", "Measures the multiply-add peak and the memory's bandwidth.") { threads };
peak.SetAction(parsed => PeakTable.Print(parsed.GetValue(threads)));

var steps = new Command("steps", "Times whole steps: training and inference.") { networks, batch, repeat, threads, training, inference, byOp };
steps.SetAction(parsed =>
{
    foreach (var workload in Chosen(parsed)) ByOpTable.Print(workload, parsed.GetValue(repeat), parsed.GetValue(threads));
});

var compare = new Command("compare", "Times training steps here and in PyTorch by turns, in one sitting.") { networks, batch, repeat, rounds, threads, python };
compare.SetAction(parsed => ComparisonTable.Print(
    parsed.GetValue(networks)!, parsed.GetValue(batch), parsed.GetValue(repeat), parsed.GetValue(rounds),
    parsed.GetValue(threads), parsed.GetValue(python)!));

var kernels = new Command("kernels", "Times single ops with BenchmarkDotNet.") { filter };
kernels.SetAction(parsed => { BenchmarkSwitcher.FromAssembly(typeof(Peak).Assembly).Run(["--filter", parsed.GetValue(filter)!]); });

return new RootCommand("Speed of PyNetSharp, in ratios to something measured beside it.") { peak, steps, compare, kernels }.Parse(args).Invoke();

IReadOnlyList<Workload> Chosen(ParseResult parsed) => Workload.Choose(
    parsed.GetValue(networks)!, parsed.GetValue(batch),
    parsed.GetValue(training) == parsed.GetValue(inference) ? null : parsed.GetValue(training));

using System.CommandLine;
using PyNetSharp.Benchmarks;

var networks = new Argument<string[]>("NETWORKS")
{
    Arity = ArgumentArity.ZeroOrMore,
    Description = "Names from `pynet models`; the networks of the results table if none is given.",
};
var batch = new Option<int?>("--batch") { Description = "Images per step. Default: each network's own." };
var repeat = new Option<int>("--repeat") { Description = "Steps to time.", DefaultValueFactory = _ => 9 };
var rounds = new Option<int>("--rounds") { Description = "How often the programs take turns.", DefaultValueFactory = _ => 7 };
var threads = new Option<int>("--threads") { Description = "Of every program.", DefaultValueFactory = _ => Environment.ProcessorCount };
var training = new Option<bool>("--training") { Description = "Training alone." };
var inference = new Option<bool>("--inference") { Description = "Inference alone." };
var byOp = new Option<bool>("--by-op") { Description = "Where the time of each step goes, instead." };
var json = new Option<string?>("--json") { Description = "Also write the figures, machine and versions to this file." };
var python = new Option<string?>("--python") { Description = "A Python that has PyTorch. Default: python3, or the system's." };
var filter = new Argument<string>("FILTER") { Description = "A part of the kernels' names: conv, by weight, nin-d2l.", DefaultValueFactory = _ => "*" };

var peak = new Command("peak", "The machine's multiply-add peak and memory bandwidth.") { threads };
peak.SetAction(parse => PeakTable.Print(parse.GetValue(threads)));

var steps = new Command("steps", "Whole steps, training and inference: time, rate, memory.")
    { networks, batch, repeat, threads, training, inference, byOp, json };
steps.SetAction(parse =>
{
    if (!parse.GetValue(byOp)) StepTable.Print(Workloads(parse), parse.GetValue(repeat), parse.GetValue(threads), parse.GetValue(json));
    else foreach (var workload in Workloads(parse)) ByOpTable.Print(workload, parse.GetValue(repeat), parse.GetValue(threads));
});

var serve = new Command("serve", "Runs the steps that `steps` and `compare` ask for.") { networks, batch, threads, inference };
serve.Hidden = true;
serve.SetAction(parse => StepServer.Serve(
    new(PyNetSharp.Networks.Find(parse.GetValue(networks)![0]), parse.GetValue(batch) ?? 1, !parse.GetValue(inference)),
    parse.GetValue(threads)));

var compare = new Command("compare", "The same steps here and in PyTorch by turns, in one sitting.")
    { networks, batch, rounds, threads, training, inference, python, json };
compare.SetAction(parse => ComparisonTable.Print(
    Workloads(parse), parse.GetValue(rounds), parse.GetValue(threads), parse.GetValue(python), parse.GetValue(json)));

var kernels = new Command("kernels", "Single ops, with BenchmarkDotNet.") { filter };
kernels.SetAction(parse => KernelBenchmarks.RunAll(parse.GetValue(filter)!));

var passes = new Command("passes", "The three passes of every large convolution, each beside the peak.") { networks, batch, threads };
passes.SetAction(parse => PassTable.Print(Workload.Choose(parse.GetValue(networks)!, parse.GetValue(batch), trains: true), parse.GetValue(threads)));

var ladder = new Command("ladder", "One convolution from the naive loop to the final kernel, rung by rung.") { threads };
ladder.SetAction(parse => LadderTable.Print(parse.GetValue(threads)));

var report = new Command("report", "Makes the tables of README and docs/results.md from the checked-in results.");
report.SetAction(_ => Report.Write(Environment.CurrentDirectory));

return new RootCommand("How fast PyNetSharp is, in ratios to something measured beside it.") { peak, steps, serve, compare, kernels, passes, ladder, report }
    .Parse(args).Invoke();

IReadOnlyList<Workload> Workloads(ParseResult parse) => Workload.Choose(
    parse.GetValue(networks)!, parse.GetValue(batch),
    parse.GetValue(training) == parse.GetValue(inference) ? null : parse.GetValue(training));

// A mutation score of the tests: seeds faults into Engine, Kernels and the readers of files, one at a time, and counts
// how many of them some test notices.
//
//     dotnet build Tests -c Release -p:CompileReadyToRun=false
//     dotnet run -c Release --project Tests/Mutation -- --out FOLDER [--seed 13] [--workers 2]
//         [--faults Kernels=360,Engine=160,Readers=160]
//
// All faults of a sample are compiled at once, each behind a switch that an environment variable turns on. Every test
// runs once while the faults that it reaches are recorded; then a process for each fault runs the tests that reach it,
// the quick ones first and ten seconds of them at most, until one fails. A crash and a hang count as noticed. What
// survives is printed, and goes to FOLDER/results.jsonl; a second call with the same FOLDER judges only that again,
// with the tests as they are then. explained.txt lists survivors that no test can or should notice, with the reasons.
using PyNetSharp.Mutation;

switch (args)
{
    case ["record", var classes, var path]:
        TestProcess.Record(classes, path);
        break;
    case ["judge", var path]:
        TestProcess.Judge(path);
        break;
    default:
        MutationRun.Start(Options.Parse(args));
        break;
}

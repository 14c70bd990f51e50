using System.Reflection;
using System.Text.Json;
using NUnit.Framework.Api;
using NUnit.Framework.Interfaces;

namespace PyNetSharp.Mutation;

/// <summary>What the process does that stands in the folder of the mutated assemblies: run tests.</summary>
internal static class TestProcess
{
    /// <summary>The exit status of a process in which a test failed.</summary>
    public const int Failed = 3;

    private const string Tests = "PyNetSharp.Tests.dll";
    private static TextWriter output = TextWriter.Null;     // the process's own: NUnit takes Console.Out for the tests

    private const double FirstSeconds = 2;              // of tests that run before the slower ones

    /// <summary>Runs all classes whose names match, and writes a line per test.</summary>
    public static void Record(string classes, string path)
    {
        var assembly = Assembly.LoadFrom(Path.GetFullPath(Tests));
        string[] names =
        [
            .. assembly.GetTypes().Where(type => !type.IsNested && !type.IsAbstract)
                .Select(type => type.FullName!).Where(name => ClassFilter.Matches(classes, name)),
        ];
        using var lines = new StreamWriter(path);
        var listener = new Recorder(lines);
        var runner = Load(assembly, names);
        listener.Take();                                // what the tables of cases have reached
        runner.Run(listener, new Selection(_ => true));
    }

    /// <summary>Runs tests from a file, the quick ones first, and ends the process when one fails.</summary>
    public static void Judge(string path)
    {
        var tests = JsonSerializer.Deserialize<ChosenTest[]>(File.ReadAllText(path))!;
        var runner = Load(
            Assembly.LoadFrom(Path.GetFullPath(Tests)), [.. tests.Select(test => test.Class).Distinct()]);
        var total = 0.0;
        foreach (var batch in tests.GroupBy(test => (total += test.Seconds) > FirstSeconds))
        {
            var names = batch.Select(test => test.Name).ToHashSet();
            runner.Run(new Judgment(), new Selection(names.Contains));
        }
    }

    private static NUnitTestAssemblyRunner Load(Assembly assembly, string[] classes)
    {
        output = Console.Out;
        var runner = new NUnitTestAssemblyRunner(new DefaultTestAssemblyBuilder());
        runner.Load(assembly, new Dictionary<string, object>
        {
            ["LOAD"] = classes, ["NumberOfTestWorkers"] = 0, ["SynchronousEvents"] = true, ["RandomSeed"] = 1,
        });
        return runner;
    }

    private sealed class Selection(Func<string, bool> isSelected) : ITestFilter
    {
        public bool Pass(ITest test) => test.IsSuite ? test.Tests.Any(Pass) : isSelected(test.FullName);

        public bool IsExplicitMatch(ITest test) => false;

        public TNode ToXml(bool recursive) => new("filter");

        public TNode AddToXml(TNode parentNode, bool recursive) => parentNode.AddElement("filter");
    }

    private class Silent : ITestListener
    {
        public virtual void TestFinished(ITestResult result)
        {
        }

        public void TestStarted(ITest test)
        {
        }

        public void TestOutput(TestOutput output)
        {
        }

        public void SendMessage(TestMessage message)
        {
        }
    }

    private sealed class Judgment : Silent
    {
        public override void TestFinished(ITestResult result)
        {
            if (result.ResultState.Status != TestStatus.Failed || result.Test.IsSuite && !IsSetUp(result)) return;
            output.WriteLine($"FAILED {result.Test.FullName}");
            Environment.Exit(Failed);
        }

        private static bool IsSetUp(ITestResult result) => result.ResultState.Site is FailureSite.SetUp;
    }

    private sealed class Recorder(StreamWriter lines) : Silent
    {
        private readonly MethodInfo take =
            Type.GetType("PyNetSharp.Mutant, PyNetSharp.Engine", throwOnError: true)!.GetMethod("Take")!;

        public (List<int> Faults, List<Type> Kernels) Take() => ((List<int>, List<Type>))take.Invoke(null, null)!;

        public override void TestFinished(ITestResult result)
        {
            if (result.Test.IsSuite) return;
            var (faults, kernels) = Take();
            lines.WriteLine(JsonSerializer.Serialize(new TestRecord(
                result.Test.FullName, result.Test.ClassName!, result.Duration,
                result.ResultState.Status == TestStatus.Passed, [.. faults],
                [.. kernels.SelectMany(Names).Distinct()])));
            lines.Flush();
            if (result.ResultState.Status == TestStatus.Failed)
                output.WriteLine($"FAILED {result.Test.FullName}: {result.Message}");
        }

        private static IEnumerable<string> Names(Type type) =>
            type.GetGenericArguments().SelectMany(Names).Prepend(type.Name.Split('`')[0]);
    }
}

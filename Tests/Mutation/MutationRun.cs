using System.Text.Json;

namespace PyNetSharp.Mutation;

/// <summary>The whole: compiles, records, judges, reports.</summary>
internal static class MutationRun
{
    private static readonly string[] Projects = ["Engine", "Kernels", "Layers", "Data", "Models", "Train"];

    public static void Start(Options options)
    {
        var root = RepositoryRoot();
        var tests = Path.Combine(root, "Tests/bin/Release/net10.0");
        var (recorded, switched) = (Path.Combine(options.Folder, "recorded"), Path.Combine(options.Folder, "switched"));
        foreach (var folder in (string[])[recorded, switched]) Copy(tests, folder);

        var faults = Compile(root, tests, recorded, switched, options);
        Console.WriteLine($"{faults.Count} faults are compiled.");
        var records = Record(options.Folder, recorded, switched, faults, Path.Combine(tests, "PyNetSharp.Tests.dll"));
        var choice = new TestChoice(records, faults);
        Console.WriteLine($"{choice.Total.Count} tests pass without a fault, in {choice.Total.Seconds:f0} s.");

        var results = Path.Combine(options.Folder, "results.jsonl");
        var verdicts = (File.Exists(results) ? File.ReadLines(results) : [])
            .Select(line => JsonSerializer.Deserialize<Verdict>(line)!)
            .Where(verdict => verdict.IsNoticed).DistinctBy(verdict => verdict.Key)
            .ToDictionary(verdict => verdict.Key);
        using (var lines = new StreamWriter(results))
        {
            foreach (var verdict in verdicts.Values) Write(verdict);
            var judge = new Judge(switched);
            var open = faults.Where(fault => !verdicts.ContainsKey(fault.Key))
                .OrderBy(fault => fault.Path.StartsWith("Engine/", StringComparison.Ordinal)).ToArray();
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Workers };
            Parallel.ForEach(
                System.Collections.Concurrent.Partitioner.Create(open, loadBalance: true), parallel, fault =>
                {
                    var verdict = judge.Try(fault, choice.For(fault));
                    lock (verdicts)
                    {
                        verdicts.Add(verdict.Key, verdict);
                        Write(verdict);
                        if (!verdict.IsNoticed)
                            Console.WriteLine($"line {fault.Line}: {fault.Kind}: {verdict.Detail}: {fault.Key}");
                    }
                });

            void Write(Verdict verdict)
            {
                lines.WriteLine(JsonSerializer.Serialize(verdict));
                lines.Flush();
            }
        }

        MutationReport.Print(faults, verdicts, Path.Combine(root, "Tests/Mutation/explained.txt"));
    }

    /// <summary>Compiles every project twice, and numbers the faults that compile.</summary>
    private static List<Fault> Compile(string root, string tests, string recorded, string switched, Options options)
    {
        var projects = Projects.Select(name => new MutatedProject(root, name, tests)).ToArray();
        var found = projects.Select(project => project.Faults().ToArray()).ToArray();
        var drawn = options.Counts
            .SelectMany(area => FaultSample.Draw(found.SelectMany(own => own), area.Key, area.Value, options.Seed))
            .OrderBy(fault => fault.Path, StringComparer.Ordinal).ThenBy(fault => fault.Node.SpanStart).ToArray();
        foreach (var (i, fault) in drawn.Index()) fault.Id = i + 1;

        var all = new List<Fault>();
        foreach (var (project, own) in projects.Zip(found))
        {
            var kept = drawn.Intersect(own).ToList();
            var before = kept.Count;
            foreach (var folder in (string[])[recorded, switched])
                project.Compile(
                    kept, project.Name == "Engine" ? null : Path.Combine(folder, "PyNetSharp.Engine.dll"),
                    folder == recorded, Path.Combine(folder, project.AssemblyName + ".dll"));
            Console.WriteLine($"{project.Name}: {own.Length} possible, {before} drawn, {kept.Count} compile.");
            all.AddRange(kept);
        }

        return all;
    }

    /// <summary>Records what the tests reach, unless neither they nor the faults have changed.</summary>
    private static string[] Record(string folder, string recorded, string switched, List<Fault> faults, string tests)
    {
        var list = Path.Combine(folder, "faults.txt");
        var text = string.Join('\n', faults.Select(fault => $"{fault.Id} {fault.Key}"));
        var (cpu, gpu) = (Path.Combine(folder, "cpu.jsonl"), Path.Combine(folder, "gpu.jsonl"));
        if (!File.Exists(list) || File.ReadAllText(list) != text)
        {
            foreach (var path in (string[])[cpu, gpu]) File.Delete(path);
            File.WriteAllText(list, text);
        }

        foreach (var (path, bin, classes) in
            ((string, string, string)[])[(cpu, recorded, ClassFilter.Cpu), (gpu, switched, ClassFilter.Gpu)])
        {
            if (File.GetLastWriteTimeUtc(path) > File.GetLastWriteTimeUtc(tests)) continue;
            new Judge(bin).Record(classes, path + ".new");
            File.Move(path + ".new", path, overwrite: true);
        }

        return [cpu, gpu];
    }

    /// <summary>The built tests, and this program's own assembly.</summary>
    private static void Copy(string from, string to)
    {
        foreach (var path in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            if (!path.EndsWith(".pdb", StringComparison.Ordinal)) File.Copy(path, target, overwrite: true);
        }

        File.Copy(typeof(MutationRun).Assembly.Location, Path.Combine(to, "PyNetSharp.Mutation.dll"), overwrite: true);
    }

    private static string RepositoryRoot()
    {
        for (var folder = Directory.GetCurrentDirectory(); folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "PyNetSharp.sln"))) return folder;
        throw new InvalidOperationException("The current directory is not within the repository.");
    }
}

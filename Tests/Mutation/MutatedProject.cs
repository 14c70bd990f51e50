using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace PyNetSharp.Mutation;

/// <summary>One project of the repository, compiled with all its faults, each behind a switch.</summary>
internal sealed class MutatedProject
{
    private const string SwitchKind = "switch";

    private static readonly CSharpParseOptions Syntax = new(LanguageVersion.CSharp14);

    private readonly CSharpCompilation compilation;
    private readonly Dictionary<string, SyntaxTree> trees = [];

    /// <param name="root">The repository.</param>
    /// <param name="folder">The project's, such as "Engine"; built before.</param>
    /// <param name="tests">The folder with the built tests, and so with all that the project refers to.</param>
    public MutatedProject(string root, string folder, string tests)
    {
        Name = folder;
        AssemblyName = folder == "Train" ? "pynet" : $"PyNetSharp.{folder}";
        foreach (var path in SourceFiles(root))
        {
            var text = File.ReadAllText(Path.Combine(root, path));
            trees.Add(path, CSharpSyntaxTree.ParseText(text, Syntax, path));
        }

        var references = ReferencePack("ref/net10.0").Concat(
            Directory.EnumerateFiles(tests, "*.dll").Where(path => IsReferred(Path.GetFileName(path))));
        compilation = RunGenerators(CSharpCompilation.Create(
            AssemblyName, trees.Values, references.Select(path => MetadataReference.CreateFromFile(path)),
            new(folder == "Train" ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary,
                optimizationLevel: OptimizationLevel.Release, allowUnsafe: true,
                nullableContextOptions: NullableContextOptions.Enable)));

        bool IsReferred(string name) =>
            Regex.IsMatch(name, @"^(PyNetSharp\.(Engine|Kernels|Layers|Data|Models)|ILGPU|Spectre|System\.)")
            && name != AssemblyName + ".dll";
    }

    public string Name { get; }

    public string AssemblyName { get; }

    /// <summary>All that can be seeded in the project, by file.</summary>
    public IEnumerable<Fault> Faults() => trees.Where(tree => !tree.Key.Contains("/obj/", StringComparison.Ordinal))
        .SelectMany(tree => FaultFinder.Find(tree.Key, compilation.GetSemanticModel(tree.Value)));

    /// <summary>Compiles the project with switches for the faults into a file.</summary>
    /// <param name="faults">Numbered. Those that do not compile are taken out.</param>
    /// <param name="engine">The mutated engine, which has the switch; null for itself.</param>
    /// <param name="records">Whether code of kernels also records that it was reached; no GPU can run that.</param>
    /// <param name="path">Of the assembly.</param>
    public void Compile(List<Fault> faults, string? engine, bool records, string path)
    {
        for (; ; )
        {
            var mutated = compilation;
            if (engine is null)
                mutated = mutated.AddSyntaxTrees(CSharpSyntaxTree.ParseText(MutantSwitch.Source, Syntax));
            else
                mutated = mutated.ReplaceReference(
                    mutated.References.Single(reference =>
                        reference.Display!.EndsWith("PyNetSharp.Engine.dll", StringComparison.Ordinal)),
                    MetadataReference.CreateFromFile(engine));
            foreach (var file in faults.GroupBy(fault => fault.Path))
                mutated = mutated.ReplaceSyntaxTree(trees[file.Key], Switched(trees[file.Key], [.. file], records));
            if (engine is null) mutated = RecordLaunches(mutated);

            var errors = mutated.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error).ToArray();
            if (errors.Length == 0)
            {
                var result = mutated.Emit(path);
                if (!result.Success) throw new InvalidOperationException(string.Join('\n', result.Diagnostics));
                return;
            }

            var dropped = errors.SelectMany(Culprits).ToHashSet();
            if (faults.RemoveAll(fault => dropped.Contains(fault.Id)) == 0)
                throw new InvalidOperationException($"{Name}: {string.Join('\n', errors.Take(5).AsEnumerable())}");
        }
    }

    /// <summary>The tree with each fault's node replaced by a choice between it and the fault.</summary>
    private static SyntaxTree Switched(SyntaxTree tree, Fault[] faults, bool records)
    {
        var byNode = faults.ToDictionary(fault => fault.Node);
        var root = tree.GetRoot().ReplaceNodes(
            byNode.Keys, (node, rewritten) => Switch(byNode[node], rewritten, records));
        return tree.WithRootAndOptions(root, tree.Options);
    }

    private static SyntaxNode Switch(Fault fault, SyntaxNode rewritten, bool records)
    {
        var isActive = ParseExpression(fault.IsKernelCode && !records
            ? $"global::PyNetSharp.Mutant.Active == {fault.Id}"
            : $"global::PyNetSharp.Mutant.Is({fault.Id})");
        var mutated = fault.Mutate(rewritten);
        SyntaxNode choice = rewritten is StatementSyntax statement
            ? Block(IfStatement(PrefixUnaryExpression(
                SyntaxKind.LogicalNotExpression, ParenthesizedExpression(isActive)), statement))
            : Choice(isActive, mutated, rewritten);
        return choice.WithAdditionalAnnotations(new SyntaxAnnotation(SwitchKind, $"{fault.Id}"));
    }

    private static ParenthesizedExpressionSyntax Choice(
        ExpressionSyntax isActive, SyntaxNode mutated, SyntaxNode rewritten) =>
        ParenthesizedExpression(ConditionalExpression(
            isActive, ParenthesizedExpression((ExpressionSyntax)mutated.WithoutTrivia()),
            ParenthesizedExpression((ExpressionSyntax)rewritten.WithoutTrivia())));

    /// <summary>The faults around an error; or, as an absent assignment shows elsewhere, all of its member.</summary>
    private static IEnumerable<int> Culprits(Diagnostic error)
    {
        var root = error.Location.SourceTree!.GetRoot();
        var node = root.FindNode(error.Location.SourceSpan, getInnermostNodeForTie: true);
        var around = node.AncestorsAndSelf().SelectMany(Ids).Take(1).ToArray();
        if (around.Length > 0) return around;
        var member = node.AncestorsAndSelf().OfType<MemberDeclarationSyntax>().FirstOrDefault();
        return member is null ? [] : member.DescendantNodes().SelectMany(Ids);

        static IEnumerable<int> Ids(SyntaxNode node) => node.GetAnnotations(SwitchKind).Select(a => int.Parse(a.Data!));
    }

    /// <summary>The GPU's methods that launch a kernel note its type first.</summary>
    private static CSharpCompilation RecordLaunches(CSharpCompilation engine)
    {
        var tree = engine.SyntaxTrees.Single(
            tree => tree.FilePath.EndsWith("GpuDevice.Launch.cs", StringComparison.Ordinal));
        var bodies = tree.GetRoot().DescendantNodes().OfType<MethodDeclarationSyntax>()
            .Where(method => method.Identifier.Text is "LaunchItems" or "LaunchGroups").Select(method => method.Body!);
        var note = ParseStatement("global::PyNetSharp.Mutant.Launches(typeof(TKernel));");
        var root = tree.GetRoot().ReplaceNodes(
            bodies, (_, body) => body.WithStatements(body.Statements.Insert(0, note)));
        return engine.ReplaceSyntaxTree(tree, tree.WithRootAndOptions(root, tree.Options));
    }

    private IEnumerable<string> SourceFiles(string root)
    {
        var files = Directory.EnumerateFiles(Path.Combine(root, Name), "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(part => part is "bin" or "obj"));
        var generated = Directory.EnumerateFiles(Path.Combine(root, Name, "obj/Release/net10.0"), "*.cs")
            .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/'));
        return files.Concat(generated).Order(StringComparer.Ordinal);
    }

    private static CSharpCompilation RunGenerators(CSharpCompilation compilation)
    {
        var generators = ReferencePack("analyzers/dotnet/cs")
            .Where(path => Regex.IsMatch(path, "RegularExpressions|LibraryImport|Text.Json"))
            .SelectMany(path => new AnalyzerFileReference(path, new Loader()).GetGenerators(LanguageNames.CSharp));
        CSharpGeneratorDriver.Create(generators, parseOptions: Syntax)
            .RunGeneratorsAndUpdateCompilation(compilation, out var generated, out _);
        return (CSharpCompilation)generated;
    }

    private static IEnumerable<string> ReferencePack(string part)
    {
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var packs = Path.Combine(runtime, "../../../packs/Microsoft.NETCore.App.Ref");
        var newest = Directory.EnumerateDirectories(packs, "10.0.*").Max()!;
        return Directory.EnumerateFiles(Path.Combine(newest, part), "*.dll");
    }

    private sealed class Loader : IAnalyzerAssemblyLoader
    {
        public void AddDependencyLocation(string fullPath)
        {
        }

        public Assembly LoadFromPath(string fullPath) => Assembly.LoadFrom(fullPath);
    }
}

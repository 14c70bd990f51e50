using Microsoft.CodeAnalysis;

namespace PyNetSharp.Mutation;

/// <summary>One fault that may be seeded: a node of the source and what replaces it.</summary>
/// <param name="Path">Of the file, from the repository's root.</param>
/// <param name="Member">The enclosing type and member.</param>
/// <param name="Kind">The operator of the mutation, such as "comparison".</param>
/// <param name="Node">In the unchanged tree.</param>
/// <param name="Mutate">The faulty node, from the node with the faults within it already switched.</param>
internal sealed record Fault(
    string Path, string Member, string Kind, SyntaxNode Node, Func<SyntaxNode, SyntaxNode> Mutate)
{
    private const int MaxCharacters = 100;

    /// <summary>From 1; what <c>PYNET_MUTANT</c> names.</summary>
    public int Id { get; set; }

    /// <summary>Names the fault wherever its lines move to; unique with <see cref="Occurrence"/>.</summary>
    public string Key => $"{Path} {Member}: {Text(Node)} -> {Text(Mutate(Node).NormalizeWhitespace())}"
        + (Occurrence == 0 ? "" : $" #{Occurrence + 1}");

    /// <summary>Of this text in this member, from 0.</summary>
    public int Occurrence { get; init; }

    /// <summary>From 1.</summary>
    public int Line => Node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;

    /// <summary>The folder whose score it counts for.</summary>
    public string Folder => Path[..Path.LastIndexOf('/')];

    /// <summary>The types around it, innermost first.</summary>
    public required string[] Types { get; init; }

    /// <summary>Whether a GPU's kernel may contain it: such code must not call what ILGPU cannot compile.</summary>
    public required bool IsKernelCode { get; init; }

    /// <summary>Whether it runs once in a process, so that other tests may notice it than reach it.</summary>
    public required bool IsStatic { get; init; }

    private static string Text(SyntaxNode node)
    {
        var text = string.Join(' ', node.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return text.Length == 0 ? "(removed)" : text.Length <= MaxCharacters ? text : text[..MaxCharacters] + "…";
    }
}

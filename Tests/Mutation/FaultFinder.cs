using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace PyNetSharp.Mutation;

/// <summary>Finds every fault that can be seeded in a file.</summary>
/// <remarks>
/// Left alone: attributes, constants, patterns, texts, what is thrown, <c>for</c> increments (which only hang), checks
/// for null, and calls that change no result (prefetches, the garbage collector).
/// </remarks>
internal sealed class FaultFinder(string path, SemanticModel model) : CSharpSyntaxWalker
{
    private static readonly Dictionary<SyntaxKind, SyntaxKind> Operators = new()
    {
        [SyntaxKind.AddExpression] = SyntaxKind.SubtractExpression,
        [SyntaxKind.SubtractExpression] = SyntaxKind.AddExpression,
        [SyntaxKind.MultiplyExpression] = SyntaxKind.DivideExpression,
        [SyntaxKind.DivideExpression] = SyntaxKind.MultiplyExpression,
        [SyntaxKind.ModuloExpression] = SyntaxKind.MultiplyExpression,
        [SyntaxKind.LeftShiftExpression] = SyntaxKind.RightShiftExpression,
        [SyntaxKind.RightShiftExpression] = SyntaxKind.LeftShiftExpression,
        [SyntaxKind.BitwiseAndExpression] = SyntaxKind.BitwiseOrExpression,
        [SyntaxKind.BitwiseOrExpression] = SyntaxKind.BitwiseAndExpression,
        [SyntaxKind.LessThanExpression] = SyntaxKind.LessThanOrEqualExpression,
        [SyntaxKind.LessThanOrEqualExpression] = SyntaxKind.LessThanExpression,
        [SyntaxKind.GreaterThanExpression] = SyntaxKind.GreaterThanOrEqualExpression,
        [SyntaxKind.GreaterThanOrEqualExpression] = SyntaxKind.GreaterThanExpression,
        [SyntaxKind.EqualsExpression] = SyntaxKind.NotEqualsExpression,
        [SyntaxKind.NotEqualsExpression] = SyntaxKind.EqualsExpression,
        [SyntaxKind.LogicalAndExpression] = SyntaxKind.LogicalOrExpression,
        [SyntaxKind.LogicalOrExpression] = SyntaxKind.LogicalAndExpression,
    };

    private static readonly Dictionary<SyntaxKind, SyntaxKind> Assignments = new()
    {
        [SyntaxKind.AddAssignmentExpression] = SyntaxKind.SubtractAssignmentExpression,
        [SyntaxKind.SubtractAssignmentExpression] = SyntaxKind.AddAssignmentExpression,
        [SyntaxKind.MultiplyAssignmentExpression] = SyntaxKind.DivideAssignmentExpression,
        [SyntaxKind.DivideAssignmentExpression] = SyntaxKind.MultiplyAssignmentExpression,
        [SyntaxKind.OrAssignmentExpression] = SyntaxKind.AndAssignmentExpression,
    };

    private readonly List<Fault> faults = [];
    private readonly Dictionary<string, int> occurrences = [];

    /// <summary>All faults of the file, in its order.</summary>
    public static IReadOnlyList<Fault> Find(string path, SemanticModel model)
    {
        var finder = new FaultFinder(path, model);
        finder.Visit(model.SyntaxTree.GetRoot());
        return finder.faults;
    }

    public override void Visit(SyntaxNode? node)
    {
        if (node is AttributeListSyntax or ThrowStatementSyntax or ThrowExpressionSyntax or EnumDeclarationSyntax
            or InterpolatedStringExpressionSyntax or PatternSyntax or CaseSwitchLabelSyntax
            or EqualsValueClauseSyntax { Parent: ParameterSyntax })
            return;
        if (node is FieldDeclarationSyntax field && field.Modifiers.Any(SyntaxKind.ConstKeyword)) return;
        if (node is LocalDeclarationStatementSyntax local && local.Modifiers.Any(SyntaxKind.ConstKeyword)) return;
        base.Visit(node);
    }

    public override void VisitForStatement(ForStatementSyntax node)
    {
        Visit(node.Declaration);
        foreach (var initializer in node.Initializers) Visit(initializer);
        Visit(node.Condition);
        Visit(node.Statement);
    }

    public override void VisitBinaryExpression(BinaryExpressionSyntax node)
    {
        if (Operators.TryGetValue(node.Kind(), out var other) && !IsText(node) && !HasDeclaration(node))
        {
            if (other == SyntaxKind.DivideExpression && !IsNumber(model.GetTypeInfo(node).Type))
                other = SyntaxKind.AddExpression;       // a vector's, perhaps without division
            Add(KindOf(other), node, changed =>
            {
                var binary = (BinaryExpressionSyntax)changed;
                return BinaryExpression(other, binary.Left, binary.Right).WithTriviaFrom(binary);
            });
        }

        base.VisitBinaryExpression(node);
    }

    public override void VisitAssignmentExpression(AssignmentExpressionSyntax node)
    {
        if (Assignments.TryGetValue(node.Kind(), out var other) && !IsText(node) && !HasDeclaration(node))
            Add("assignment", node, changed =>
            {
                var assignment = (AssignmentExpressionSyntax)changed;
                return AssignmentExpression(other, assignment.Left, assignment.Right).WithTriviaFrom(assignment);
            });
        base.VisitAssignmentExpression(node);
    }

    public override void VisitPrefixUnaryExpression(PrefixUnaryExpressionSyntax node)
    {
        if (node.Kind() is SyntaxKind.UnaryMinusExpression or SyntaxKind.LogicalNotExpression && !HasDeclaration(node))
            Add("sign", node, changed => ((PrefixUnaryExpressionSyntax)changed).Operand);
        base.VisitPrefixUnaryExpression(node);
    }

    public override void VisitLiteralExpression(LiteralExpressionSyntax node)
    {
        if (node.Kind() is SyntaxKind.TrueLiteralExpression or SyntaxKind.FalseLiteralExpression)
        {
            var other = node.IsKind(SyntaxKind.TrueLiteralExpression) ? "false" : "true";
            Add("constant", node, _ => ParseExpression(other));
        }
        else if (Neighbor(node.Token.Value) is { } neighbor)
        {
            var type = model.GetTypeInfo(node).ConvertedType;
            var cast = IsNumber(type) ? $"({type!.ToDisplayString()})" : "";
            Add("constant", node, _ => ParseExpression(cast + neighbor));
        }
    }

    public override void VisitInvocationExpression(InvocationExpressionSyntax node)
    {
        if (node.Expression is MemberAccessExpressionSyntax { Name: IdentifierNameSyntax name } access
            && name.Identifier.ValueText is "Max" or "Min" && node.ArgumentList.Arguments.Count == 2)
        {
            var other = IdentifierName(name.Identifier.ValueText == "Max" ? "Min" : "Max");
            Add("extremum", node, changed => ((InvocationExpressionSyntax)changed)
                .WithExpression(access.WithName(other)));
        }

        base.VisitInvocationExpression(node);
    }

    public override void VisitIfStatement(IfStatementSyntax node)
    {
        Negate(node.Condition);
        base.VisitIfStatement(node);
    }

    public override void VisitConditionalExpression(ConditionalExpressionSyntax node)
    {
        Negate(node.Condition);
        base.VisitConditionalExpression(node);
    }

    public override void VisitExpressionStatement(ExpressionStatementSyntax node)
    {
        if (!HasDeclaration(node) && !ChangesNoResult(node.Expression.ToString()))
            Add("statement", node, _ => EmptyStatement(MissingToken(SyntaxKind.SemicolonToken)));
        base.VisitExpressionStatement(node);
    }

    private void Negate(ExpressionSyntax condition)
    {
        if (HasDeclaration(condition)) return;
        Add("condition", condition, changed => PrefixUnaryExpression(
            SyntaxKind.LogicalNotExpression, ParenthesizedExpression((ExpressionSyntax)changed.WithoutTrivia())));
    }

    private void Add(string kind, SyntaxNode node, Func<SyntaxNode, SyntaxNode> mutate)
    {
        var types = node.Ancestors().OfType<TypeDeclarationSyntax>().ToArray();
        var member = node.Ancestors().FirstOrDefault(a => a is MemberDeclarationSyntax and not TypeDeclarationSyntax);
        var isStatic = member is BaseFieldDeclarationSyntax or PropertyDeclarationSyntax { Initializer: not null }
            && ((MemberDeclarationSyntax)member).Modifiers.Any(SyntaxKind.StaticKeyword);
        var fault = new Fault(path, $"{types.FirstOrDefault()?.Identifier.Text}.{NameOf(member)}", kind, node, mutate)
        {
            Types = [.. types.Select(type => type.Identifier.Text)],
            IsKernelCode = types.Any(type => type is StructDeclarationSyntax or InterfaceDeclarationSyntax)
                || (path.StartsWith("Kernels/", StringComparison.Ordinal)
                    && ((MemberDeclarationSyntax?)member)?.Modifiers.Any(SyntaxKind.StaticKeyword) == true),
            IsStatic = isStatic,
        };
        var seen = occurrences.GetValueOrDefault(fault.Key);
        occurrences[fault.Key] = seen + 1;
        faults.Add(fault with { Occurrence = seen });
    }

    private bool IsText(ExpressionSyntax node) => model.GetTypeInfo(node).Type is
    {
        SpecialType: SpecialType.System_String
    };

    private static bool IsNumber(ITypeSymbol? type) =>
        type?.SpecialType is >= SpecialType.System_SByte and <= SpecialType.System_Double
            or SpecialType.System_IntPtr or SpecialType.System_UIntPtr;

    /// <summary>Whether a copy of it would declare a variable twice, or its absence leave one unset.</summary>
    private static bool HasDeclaration(SyntaxNode node) =>
        node.DescendantNodes(inner => inner is not LambdaExpressionSyntax).OfType<VariableDesignationSyntax>().Any();

    private static bool ChangesNoResult(string call) =>
        call.Contains("ThrowIfNull(", StringComparison.Ordinal) || call.StartsWith("GC.", StringComparison.Ordinal)
        || call.Contains("Prefetch", StringComparison.Ordinal) || call.StartsWith("base.", StringComparison.Ordinal);

    private static string? Neighbor(object? value) => value switch
    {
        int number => (number ^ 1).ToString(CultureInfo.InvariantCulture),
        float number => (number + 1).ToString("R", CultureInfo.InvariantCulture) + "f",
        double number => (number + 1).ToString("R", CultureInfo.InvariantCulture) + "d",
        _ => null,
    };

    private static string KindOf(SyntaxKind kind) => kind switch
    {
        SyntaxKind.LogicalAndExpression or SyntaxKind.LogicalOrExpression => "logic",
        SyntaxKind.LessThanExpression or SyntaxKind.LessThanOrEqualExpression or SyntaxKind.GreaterThanExpression
            or SyntaxKind.GreaterThanOrEqualExpression or SyntaxKind.EqualsExpression
            or SyntaxKind.NotEqualsExpression => "comparison",
        _ => "arithmetic",
    };

    private static string NameOf(SyntaxNode? member) => member switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        ConstructorDeclarationSyntax => "constructor",
        PropertyDeclarationSyntax property => property.Identifier.Text,
        OperatorDeclarationSyntax op => "operator " + op.OperatorToken.Text,
        BaseFieldDeclarationSyntax field => field.Declaration.Variables[0].Identifier.Text,
        null => "",
        _ => member.Kind().ToString(),
    };
}

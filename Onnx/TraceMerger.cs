using System.Runtime.InteropServices;
using Onnx;
using static Onnx.TensorProto.Types;

namespace PyNetSharp.Onnx;

/// <summary>
/// Writes what two traces of a module, of batches of different size, have in common: what differs as the batch does is
/// computed from the batch's size, and what differs otherwise is refused.
/// </summary>
internal sealed class TraceMerger
{
    private readonly string model;
    private readonly OnnxGraph a, b;
    private readonly ModelGraph graph;
    private readonly Dictionary<OnnxNode, string> results = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<OnnxNode, OnnxNode> counterparts = new(ReferenceEqualityComparer.Instance);
    private readonly string input;

    private TraceMerger(string model, OnnxGraph a, OnnxGraph b, ImagePreprocessing? preprocessing)
    {
        (this.model, this.a, this.b, graph) = (model, a, b, new(model));
        if (preprocessing is not null)
        {
            input = PreprocessingWriter.Write(graph, preprocessing, a.Input.Shape);
            return;
        }

        input = ModelGraph.InputName;
        graph.AddInput(DataType.Float, Extents(a.Input.Shape, b.Input.Shape));
    }

    private int BatchA => a.Input.Shape[0];

    private int BatchB => b.Input.Shape[0];

    /// <summary>The graph of a file.</summary>
    /// <param name="model">The module's name.</param>
    /// <param name="a">One trace.</param>
    /// <param name="b">The other, of a batch of another size.</param>
    /// <param name="preprocessing">What is computed before the module; null for nothing.</param>
    /// <exception cref="NotSupportedException">They differ in a way that a file cannot have.</exception>
    public static GraphProto Merge(string model, OnnxGraph a, OnnxGraph b, ImagePreprocessing? preprocessing) =>
        new TraceMerger(model, a, b, preprocessing).Run();

    private GraphProto Run()
    {
        CheckNodes();
        var used = FindUsed(a.Output);
        foreach (var (one, other) in a.Nodes.Zip(b.Nodes))
        {
            counterparts[one] = other;
            if (used.Contains(one)) Write(one, other);
        }

        if (a.Output is not OnnxNode)
            graph.Add("Identity", "", [NameOf(a.Output, b.Output, null, 0)], output: ModelGraph.OutputName);
        graph.AddOutput(Extents(a.OutputShape, b.OutputShape));
        return graph.Proto;
    }

    /// <exception cref="NotSupportedException">The operators are not the same.</exception>
    private void CheckNodes()
    {
        for (var i = 0; i < Math.Max(a.Nodes.Count, b.Nodes.Count); i++)
        {
            var (one, other) = (a.Nodes.ElementAtOrDefault(i), b.Nodes.ElementAtOrDefault(i));
            if (one?.Operator != other?.Operator || one?.Inputs.Count != other?.Inputs.Count)
                throw Refuse((one ?? other)!, "which ops are applied depends on the batch's size or its values");
        }
    }

    private static HashSet<OnnxNode> FindUsed(OnnxValue output)
    {
        HashSet<OnnxNode> used = new(ReferenceEqualityComparer.Instance);
        Stack<OnnxValue> pending = new([output]);
        while (pending.TryPop(out var value))
            if (value is OnnxNode node && used.Add(node))
                foreach (var one in node.Inputs) pending.Push(one);
        return used;
    }

    private void Write(OnnxNode one, OnnxNode other)
    {
        foreach (var ((name, value), (_, otherValue)) in one.Attributes.Zip(other.Attributes))
            if (!AreEqual(value, otherValue))
                throw Refuse(one, $"its {name} depends on the batch's size or its values");
        var inputs = one.Inputs.Zip(other.Inputs, (x, y) => (x, y)).Select((pair, i) => NameOf(pair.x, pair.y, one, i));
        results[one] = graph.Add(
            one.Operator, one.Path, [.. inputs], one.Attributes,
            ReferenceEquals(one, a.Output) ? ModelGraph.OutputName : null);
    }

    private static bool AreEqual(object one, object other) =>
        one is int[] many ? other is int[] others && many.AsSpan().SequenceEqual(others) : one.Equals(other);

    /// <param name="one">An input in one trace.</param>
    /// <param name="other">The same in the other.</param>
    /// <param name="reader">The operator; null for the module's output.</param>
    /// <param name="index">Which of its inputs.</param>
    private string NameOf(OnnxValue one, OnnxValue other, OnnxNode? reader, int index)
    {
        switch (one, other)
        {
            case (OnnxInput, OnnxInput): return input;
            case (OnnxNode x, OnnxNode y) when ReferenceEquals(counterparts[x], y): return results[x];
            case (OnnxTensor { Name: { } name } x, OnnxTensor y) when name == y.Name:
                return graph.Floats(x.Shape, x.ToArray(), name);
            case (OnnxTensor { Name: null } x, OnnxTensor { Name: null } y): return NameOfConstant(x, y, reader);
            case (OnnxIntegers x, OnnxIntegers y) when x.Shape == y.Shape && x.Values.SequenceEqual(y.Values):
                return graph.Integers(x.Shape, x.Values);
            case (OnnxIntegers x, OnnxIntegers y) when x.Shape == y.Shape && x.Shape.Rank == 1:
                return NameOfExtents([.. x.Values], [.. y.Values], reader!, index);
            case var _ when one == OnnxValue.None && other == OnnxValue.None: return "";
            default: throw Refuse(reader, "what it reads depends on the batch's size or its values");
        }
    }

    /// <summary>Numbers that a forward pass has made: the same ones, or one number for the whole batch.</summary>
    private string NameOfConstant(OnnxTensor one, OnnxTensor other, OnnxNode? reader)
    {
        float[] x = one.ToArray(), y = other.ToArray();
        if (one.Shape == other.Shape && Bits(x).SequenceEqual(Bits(y))) return graph.Floats(one.Shape, x);
        if (one.Shape.Rank != other.Shape.Rank || x.Length == 0 || Bits(x).ContainsAnyExcept(Bits(y)[0])
            || Bits(y).ContainsAnyExcept(Bits(y)[0]))
            throw Refuse(reader, "it reads numbers that follow from the input, but no op has computed them");
        var extents = NameOfExtents([.. one.Shape], [.. other.Shape], reader, -1);
        return graph.Add("Expand", "batch", [graph.Floats([], [x[0]]), extents]);

        static ReadOnlySpan<int> Bits(float[] values) => MemoryMarshal.Cast<float, int>(values);
    }

    /// <summary>A vector of extents, some of which are multiples of the batch's size.</summary>
    private string NameOfExtents(int[] one, int[] other, OnnxNode? reader, int index)
    {
        int[] free = [.. Enumerable.Range(0, one.Length).Where(i => one[i] != other[i])];
        if (free.FirstOrDefault(i => FactorOf(one[i], other[i]) is null, -1) is >= 0 and var wrong)
            throw Refuse(
                reader,
                $"its extent {one[wrong]} of a batch of {BatchA} is {other[wrong]} with a batch of {BatchB}, no " +
                "multiple of it");
        if (reader is { Operator: "Reshape" } && index == 1 && free.Length == 1)
        {
            one[free[0]] = -1;          // whatever is left
            return graph.Integers([one.Length], one);
        }

        List<string> parts = [];
        for (var i = 0; i < one.Length; i++)
        {
            var factor = one[i] == other[i] ? null : FactorOf(one[i], other[i]);
            parts.Add(factor switch
            {
                null => graph.Integers([1], one[i]),
                1 => graph.BatchSize,
                { } k => graph.Add("Mul", "batch", [graph.BatchSize, graph.Integers([1], k)]),
            });
        }

        return parts.Count == 1 ? parts[0] : graph.Add("Concat", "batch", parts, [("axis", 0)]);
    }

    /// <summary>The extents of the file's input or output.</summary>
    private Extent[] Extents(Shape one, Shape other) => [.. one.Select((extent, i) =>
        i < other.Rank && extent == other[i] ? extent
        : (Extent)(i < other.Rank && FactorOf(extent, other[i]) == 1 ? Extent.BatchName : ""))];

    /// <summary>What both are when divided by the batch's size; null if that is not one whole number.</summary>
    private int? FactorOf(int one, int other) =>
        one % BatchA == 0 && other % BatchB == 0 && one / BatchA == other / BatchB ? one / BatchA : null;

    private NotSupportedException Refuse(OnnxNode? node, string why)
    {
        var layer = node is { Path.Length: > 0 } ? node.Path : model;
        return new($"{layer}: {(node is null ? "" : $"{node.Op} cannot be exported with a free batch: ")}{why}.");
    }
}

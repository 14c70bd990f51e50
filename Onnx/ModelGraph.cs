using System.Globalization;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Onnx;
using static Onnx.AttributeProto.Types;
using static Onnx.TensorProto.Types;

namespace PyNetSharp.Onnx;

/// <summary>The graph of a file, to which operators and numbers are added; each has a name of its own.</summary>
internal sealed class ModelGraph
{
    /// <summary>The names of the file's input and output.</summary>
    public const string InputName = "input", OutputName = "output";

    private readonly HashSet<string> names = [InputName, OutputName];
    private readonly Dictionary<string, string> scalars = [];       // by type and bits: many ops have the same
    private string? batchSize;

    public ModelGraph(string name) => Proto = new() { Name = name };

    public GraphProto Proto { get; }

    /// <summary>The vector of the batch's size, [1].</summary>
    public string BatchSize => batchSize ??= Add("Shape", "batch", [InputName], [("start", 0), ("end", 1)]);

    /// <summary>Sets the type of the file's input.</summary>
    public void AddInput(DataType type, params ReadOnlySpan<Extent> extents) =>
        Proto.Input.Add(Value(InputName, type, extents));

    /// <summary>Sets the type of the file's output.</summary>
    public void AddOutput(params ReadOnlySpan<Extent> extents) =>
        Proto.Output.Add(Value(OutputName, DataType.Float, extents));

    /// <summary>Adds an operator.</summary>
    /// <param name="op">Its name in the standard.</param>
    /// <param name="origin">The beginning of its own name: the path of the layer, or what it is for.</param>
    /// <param name="inputs">Names; an empty one for an optional input that is left out.</param>
    /// <param name="attributes">As in <see cref="OnnxNode"/>.</param>
    /// <param name="output">The name of the result; null for the operator's own.</param>
    /// <returns>The name of the result.</returns>
    public string Add(
        string op, string origin, IEnumerable<string> inputs,
        IEnumerable<(string Name, object Value)>? attributes = null, string? output = null)
    {
        var name = Unique(origin.Length > 0 ? $"{origin}/{op}" : op);
        output ??= name;
        var node = new NodeProto { Name = name, OpType = op, Output = { output } };
        node.Input.AddRange(inputs);
        node.Attribute.AddRange((attributes ?? []).Select(Attribute));
        Proto.Node.Add(node);
        return output;
    }

    /// <summary>Numbers; a parameter has the <paramref name="name"/> of its path.</summary>
    public string Floats(Shape shape, float[] values, string? name = null)
    {
        if (name is not null && !names.Add(name)) return name;      // tied weights, once
        return AddInitializer(DataType.Float, shape, MemoryMarshal.AsBytes<float>(values), name);
    }

    /// <summary>Whole numbers.</summary>
    public string Integers(Shape shape, params IEnumerable<int> values) =>
        AddInitializer(DataType.Int64, shape, MemoryMarshal.AsBytes<long>([.. values]), null);

    private static AttributeProto Attribute((string Name, object Value) attribute)
    {
        var proto = new AttributeProto { Name = attribute.Name };
        switch (attribute.Value)
        {
            case int i: (proto.Type, proto.I) = (AttributeType.Int, i); break;
            case float f: (proto.Type, proto.F) = (AttributeType.Float, f); break;
            case string s: (proto.Type, proto.S) = (AttributeType.String, ByteString.CopyFromUtf8(s)); break;
            case int[] many:
                proto.Type = AttributeType.Ints;
                proto.Ints.AddRange(many.Select(i => (long)i));
                break;
            default: throw new ArgumentException($"{attribute.Name}: {attribute.Value}", nameof(attribute));
        }

        return proto;
    }

    private static ValueInfoProto Value(string name, DataType type, ReadOnlySpan<Extent> extents)
    {
        var shape = new TensorShapeProto();
        foreach (var extent in extents)
            shape.Dim.Add(extent switch
            {
                { Value: { } size } => new TensorShapeProto.Types.Dimension { DimValue = size },
                { Name.Length: > 0 } => new() { DimParam = extent.Name },
                _ => new(),
            });
        return new()
        {
            Name = name,
            Type = new() { TensorType = new() { ElemType = (int)type, Shape = shape } },
        };
    }

    private string AddInitializer(DataType type, Shape shape, ReadOnlySpan<byte> bytes, string? name)
    {
        var key = name is null && shape.Size == 1 ? $"{type} {shape} {Convert.ToHexString(bytes)}" : null;
        if (key is not null && scalars.TryGetValue(key, out var same)) return same;
        name ??= Unique("constant");
        if (key is not null) scalars[key] = name;
        var content = bytes.ToArray();
        if (!BitConverter.IsLittleEndian) Reverse(content, type == DataType.Int64 ? sizeof(long) : sizeof(float));
        var tensor = new TensorProto
        {
            Name = name,
            DataType = (int)type,
            RawData = UnsafeByteOperations.UnsafeWrap(content),
        };
        tensor.Dims.AddRange(shape.Select(extent => (long)extent));
        Proto.Initializer.Add(tensor);
        return name;
    }

    private static void Reverse(byte[] bytes, int size)
    {
        for (var i = 0; i < bytes.Length; i += size) bytes.AsSpan(i, size).Reverse();
    }

    private string Unique(string name)
    {
        var unique = name;
        for (var i = 2; !names.Add(unique); i++) unique = string.Create(CultureInfo.InvariantCulture, $"{name}_{i}");
        return unique;
    }
}

/// <summary>An extent of an input or output: a number, or one that is free, with a name.</summary>
internal readonly record struct Extent(int? Value, string Name = "")
{
    /// <summary>The name of the batch's size, which is free.</summary>
    public const string BatchName = "N";

    public static implicit operator Extent(int value) => new(value);

    public static implicit operator Extent(string name) => new(null, name);
}

using Google.Protobuf;

namespace PyNetSharp.Train;

/// <summary>
/// Encodes what <see cref="EventWriter"/> writes as TensorBoard's protocol messages. The numbers are the fields' of its
/// <c>event.proto</c>, <c>summary.proto</c>, <c>histogram.proto</c>, <c>graph.proto</c> and <c>node_def.proto</c>.
/// </summary>
internal static class EventMessage
{
    private const uint Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5;         // the wire types

    /// <summary>The first event of a file.</summary>
    public static byte[] FileVersion(double time) => Event(time, 0, output => WriteText(output, 3, "brain.Event:2"));

    /// <summary>The graph.</summary>
    public static byte[] Graph(double time, IEnumerable<GraphNode> nodes)
    {
        var graph = Encode(output =>
        {
            foreach (var node in nodes) WriteBytes(output, 1, Encode(part => WriteNode(part, node)));
            WriteBytes(output, 4, Encode(versions => WriteInteger(versions, 1, 22)));      // the producer
        });
        return Event(time, 0, output => WriteBytes(output, 4, graph));
    }

    /// <summary>Values of one step.</summary>
    public static byte[] Summary(double time, long step, IEnumerable<byte[]> values) => Event(
        time, step, output => WriteBytes(output, 5, Encode(summary =>
        {
            foreach (var value in values) WriteBytes(summary, 1, value);
        })));

    /// <summary>A scalar of a summary.</summary>
    public static byte[] Scalar(string tag, double value) => Encode(output =>
    {
        WriteText(output, 1, tag);
        output.WriteTag(2 << 3 | Fixed32);
        output.WriteFloat((float)value);
    });

    /// <summary>An image of a summary, as a PNG file.</summary>
    public static byte[] Image(string tag, int width, int height, int channels, byte[] png) => Encode(output =>
    {
        WriteText(output, 1, tag);
        WriteBytes(output, 4, Encode(image =>
        {
            WriteInteger(image, 1, height);
            WriteInteger(image, 2, width);
            WriteInteger(image, 3, channels);
            WriteBytes(image, 4, png);
        }));
    });

    /// <summary>A histogram of a summary.</summary>
    public static byte[] Histogram(string tag, ValueHistogram histogram) => Encode(output =>
    {
        WriteText(output, 1, tag);
        WriteBytes(output, 5, Encode(part =>
        {
            double[] figures =
                [histogram.Min, histogram.Max, histogram.Count, histogram.Sum, histogram.SumOfSquares];
            foreach (var (i, figure) in figures.Index()) WriteDouble(part, i + 1, figure);
            WriteDoubles(part, 6, histogram.Limits);
            WriteDoubles(part, 7, histogram.Counts);
        }));
    });

    /// <summary>The step of an event; 0 where it has none.</summary>
    public static long StepOf(byte[] data)
    {
        var input = new CodedInputStream(data);
        while (input.ReadTag() is not 0 and var tag)
        {
            if (tag == (2 << 3 | Varint)) return input.ReadInt64();
            input.SkipLastField();
        }

        return 0;
    }

    private static byte[] Event(double time, long step, Action<CodedOutputStream> content) => Encode(output =>
    {
        WriteDouble(output, 1, time);
        WriteInteger(output, 2, step);
        content(output);
    });

    private static void WriteNode(CodedOutputStream output, GraphNode node)
    {
        WriteText(output, 1, node.Name);
        WriteText(output, 2, node.Op);
        foreach (var input in node.Inputs) WriteText(output, 3, input);
        if (node.Output is null) return;
        var shape = Encode(part =>
        {
            foreach (var extent in node.Output) WriteBytes(part, 2, Encode(dim => WriteInteger(dim, 1, extent)));
        });
        var list = Encode(part => WriteBytes(part, 7, shape));
        WriteBytes(output, 5, Encode(entry =>
        {
            WriteText(entry, 1, "_output_shapes");
            WriteBytes(entry, 2, Encode(value => WriteBytes(value, 1, list)));
        }));
    }

    private static byte[] Encode(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true)) write(output);
        return stream.ToArray();
    }

    private static void WriteInteger(CodedOutputStream output, int field, long value)
    {
        output.WriteTag((uint)field << 3 | Varint);
        output.WriteInt64(value);
    }

    private static void WriteDouble(CodedOutputStream output, int field, double value)
    {
        output.WriteTag((uint)field << 3 | Fixed64);
        output.WriteDouble(value);
    }

    private static void WriteDoubles(CodedOutputStream output, int field, double[] values)
    {
        output.WriteTag((uint)field << 3 | Bytes);
        output.WriteLength(sizeof(double) * values.Length);
        foreach (var value in values) output.WriteDouble(value);
    }

    private static void WriteText(CodedOutputStream output, int field, string text)
    {
        output.WriteTag((uint)field << 3 | Bytes);
        output.WriteString(text);
    }

    private static void WriteBytes(CodedOutputStream output, int field, byte[] bytes)
    {
        output.WriteTag((uint)field << 3 | Bytes);
        output.WriteBytes(UnsafeByteOperations.UnsafeWrap(bytes));
    }
}

/// <summary>A node of the graph that TensorBoard draws.</summary>
/// <param name="Name">Its path, with slashes between the modules.</param>
/// <param name="Op">What it does.</param>
/// <param name="Inputs">The names of the nodes that it reads.</param>
/// <param name="Output">The shape of its output; null where it is not known.</param>
internal sealed record GraphNode(string Name, string Op, IReadOnlyList<string> Inputs, IReadOnlyList<long>? Output);

/// <summary>How many of some values lie in each of several intervals of equal width; finite ones alone.</summary>
internal sealed record ValueHistogram(
    double Min, double Max, double Count, double Sum, double SumOfSquares, double[] Limits, double[] Counts)
{
    private const int Buckets = 30;

    /// <summary>That of values; null if none is finite.</summary>
    public static ValueHistogram? Of(ReadOnlySpan<float> values)
    {
        var (min, max, count, sum, squares) = (double.PositiveInfinity, double.NegativeInfinity, 0.0, 0.0, 0.0);
        foreach (var value in values)
        {
            if (!float.IsFinite(value)) continue;
            (min, max, count) = (Math.Min(min, value), Math.Max(max, value), count + 1);
            sum += value;
            squares += (double)value * value;
        }

        if (count == 0) return null;
        if (min == max) return new(min, max, count, sum, squares, [max], [count]);
        var width = (max - min) / Buckets;
        double[] limits = [.. Enumerable.Range(1, Buckets - 1).Select(i => min + i * width), max];
        var counts = new double[Buckets];
        foreach (var value in values)
            if (float.IsFinite(value))
                counts[Math.Clamp((int)((value - min) / width), 0, Buckets - 1)]++;
        return new(min, max, count, sum, squares, limits, counts);
    }
}

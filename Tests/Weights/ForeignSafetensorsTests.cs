using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Files of other programs: whatever the format's reference implementation reads, with tensors that nobody wants here.</summary>
public sealed class ForeignSafetensorsTests
{
    private const string A = """{"dtype":"F32","shape":[3],"data_offsets":[0,12]}""";

    private static readonly float[] Values = [1, 2, 3];

    /// <summary>Headers of files whose tensor 'a' has the values, and how many bytes of data follow those.</summary>
    public static IEnumerable<TestCaseData<string, int>> Headers =>
    [
        Case("nothing more", $$$"""{"a":{{{A}}}}"""),
        Case("key order", """{"a":{"data_offsets":[0,12],"shape":[3],"dtype":"F32"}}"""),
        Case("blanks", $$$"""{ "a" :{{{"\n\t\r "}}}{{{A}}} }  {{{"\r\n\t"}}}"""),
        Case("extra key", WithMember("\"stride\":[1]")),
        Case("extra keys of all kinds", WithMember("""
            "n":null,"t":true,"x":1.5e3,"s":"a\u00e9😀","l":[[],[1,[2]],{}],"o":{"dtype":"F64","o":{"shape":[7],"p":[{}]}}
            """)),
        Case("extra key twice", WithMember("\"x\":1,\"x\":2")),
        Case("extra key a hundred deep", WithMember("\"x\":" + new string('[', 100) + new string(']', 100))),
        Case("escaped keys", """{"\u0061":{"\u0064type":"F\u00332","shap\u0065":[3],"data_offsets":[0,12]}}"""),
        Case("metadata of null", $$$"""{"__metadata__":null,"a":{{{A}}}}"""),
        Case("no metadata in it", $$$"""{"__metadata__":{},"a":{{{A}}}}"""),
        Case("empty before", $$$"""{"z":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]},"a":{{{A}}}}"""),
        Case("empty behind", $$$"""{"a":{{{A}}},"z":{"dtype":"F4","shape":[2,0],"data_offsets":[12,12]}}"""),
        Case("empty of great extents", $$$"""{"a":{{{A}}},"z":{"dtype":"I8","shape":[0,9223372036854775807,9],"data_offsets":[12,12]}}"""),
        Case("two empty at one place", $$$"""{"z":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{{{A}}},"y":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"""),
        Case("name without letters", $$$"""{"a":{{{A}}},"":{"dtype":"U8","shape":[1],"data_offsets":[12,13]}}""", 1),
        Case("name of a zero", $$$"""{"a":{{{A}}},"\u0000":{"dtype":"U8","shape":[1],"data_offsets":[12,13]}}""", 1),
        Case("scalar", $$$"""{"a":{{{A}}},"s":{"dtype":"I16","shape":[],"data_offsets":[12,14]}}""", 2),
        .. from type in (string[])["BOOL", "I8", "U8", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"] select Type(type, "2", 2),
        .. from type in (string[])["I16", "U16", "F16", "BF16"] select Type(type, "2", 4),
        .. from type in (string[])["I32", "U32", "F32"] select Type(type, "2", 8),
        .. from type in (string[])["I64", "U64", "F64", "C64"] select Type(type, "2", 16),
        .. from type in (string[])["F6_E2M3", "F6_E3M2"] select Type(type, "4,2", 6),
        Type("F6_E2M3", "4", 3),
        Type("F4", "2,8", 8),
        Type("F4", "2,1", 1),
    ];

    [TestCaseSource(nameof(Headers))]
    public void Are_read(string header, int more)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["a"], SafetensorsBytes.Of(header, [.. SafetensorsBytes.Floats(Values), .. new byte[more]]));
        using var file = Safetensors.Open(folder["a"]);
        Assert.That(file.Read("a").ToArray(), Is.EqualTo(Values));

        var model = new Single();
        if (file.Tensors.Count == 1)
        {
            model.Load(folder["a"]);
            Assert.That(model.A.ToArray(), Is.EqualTo(Values));
        }
        else
        {
            Assert.That(() => model.Load(folder["a"]), Throws.InstanceOf<InputException>().With.Message.Contains("surplus: "));
        }
    }

    /// <summary>PyTorch's batch norms count batches; alone, without a module around it, one does so without a prefix.</summary>
    [TestCase("", "I64", 8)]
    [TestCase("0.", "I64", 8)]
    [TestCase("deep.er.0.", "I64", 8)]
    [TestCase("", "F8_E8M0", 1)]
    public void Counts_of_batches_are_passed_over(string prefix, string type, int bytes)
    {
        using var folder = new TemporaryFolder();
        var header = $$$"""{"a":{{{A}}},"{{{prefix}}}num_batches_tracked":{"dtype":"{{{type}}}","shape":[],"data_offsets":[12,{{{12 + bytes}}}]}}""";
        File.WriteAllBytes(folder["a"], SafetensorsBytes.Of(header, [.. SafetensorsBytes.Floats(Values), .. new byte[bytes]]));
        var model = new Single();
        model.Load(folder["a"]);
        Assert.That(model.A.ToArray(), Is.EqualTo(Values));
    }

    [Test]
    public void What_only_ends_like_a_count_of_batches_is_not_passed_over()
    {
        using var folder = new TemporaryFolder();
        Safetensors.Save(folder["a"], [("a", Tensor.From([3], Values)), ("my_num_batches_tracked", Tensor.Zeros([]))]);
        Assert.That(() => new Single().Load(folder["a"]), Throws.InstanceOf<InputException>().With.Message.Contains("surplus: 'my_num"));
    }

    /// <summary>A tensor larger than any here, in a file of holes: it is passed over, and named where it is asked for.</summary>
    [Test]
    public void Tensors_beyond_the_largest_here_are_passed_over()
    {
        const long bytes = 1L << 31;
        using var folder = new TemporaryFolder();
        var head = SafetensorsBytes.Of(
            $$$"""{"z":{"dtype":"F4","shape":[2,{{{bytes}}}],"data_offsets":[12,{{{12 + bytes}}}]},"a":{{{A}}}}""", SafetensorsBytes.Floats(Values));
        using (var stream = File.Create(folder["a"]))
        {
            stream.Write(head);
            stream.SetLength(head.Length + bytes);
        }

        using var file = Safetensors.Open(folder["a"]);
        Assert.That(file.Read("a").ToArray(), Is.EqualTo(Values));
        Assert.That(file.Find("z")!.Extents, Is.EqualTo(new[] { 2, bytes }));
        Assert.That(() => file.Find("z")!.Shape, Throws.InstanceOf<InputException>().With.Message.Contains("'z' has the shape [2, 2147483648]"));
        Assert.That(() => file.Read("z"), Throws.InstanceOf<InputException>().With.Message.Contains("less than 2³¹ elements"));
        Assert.That(() => new Single().Load(folder["a"]), Throws.InstanceOf<InputException>().With.Message.Contains("surplus: 'z' [2, 2147483648]"));
    }

    /// <summary>The nearest floats, as IEEE 754 and NumPy have them.</summary>
    [Test]
    public void Half_floats_are_read_exactly()
    {
        (ushort Bits, float Value)[] halves =
        [
            (0x3C00, 1), (0xC000, -2), (0x7BFF, 65504), (0x0001, 5.9604645e-8f), (0x03FF, 6.097555e-5f), (0x8001, -5.9604645e-8f),
            (0x0400, 6.1035156e-5f), (0x8000, -0f), (0x7C00, float.PositiveInfinity), (0xFC00, float.NegativeInfinity), (0x7E00, float.NaN),
        ];
        AssertReads("F16", [.. halves.SelectMany(h => BitConverter.GetBytes(h.Bits))], [.. halves.Select(h => h.Value)]);

        (ushort Bits, float Value)[] brains =
        [
            (0x3F80, 1), (0xC000, -2), (0x7F7F, 3.3895314e38f), (0x0001, 9.1835e-41f), (0x007F, 1.1663108e-38f), (0x8001, -9.1835e-41f),
            (0x8000, -0f), (0x7F80, float.PositiveInfinity), (0xFF80, float.NegativeInfinity), (0x7FC0, float.NaN), (0x7F81, float.NaN),
        ];
        AssertReads("BF16", [.. brains.SelectMany(b => BitConverter.GetBytes(b.Bits))], [.. brains.Select(b => b.Value)]);
    }

    [Test]
    public void Doubles_are_read_as_the_nearest_floats()
    {
        (double Bits, float Value)[] doubles =
        [
            (1.0 / 3, 0.33333334f), (16777217, 16777216), (16777219, 16777220), (-0.0, -0f), (1e-300, 0), (-1e-300, -0f),
            (1e-45, 1e-45f), (7.1e-46, 1e-45f), (7e-46, 0), (float.MaxValue, float.MaxValue),
            (3.4028235677973362e38, float.MaxValue), (3.4028235677973366e38, float.PositiveInfinity),    // either side of the middle
            (1e300, float.PositiveInfinity), (-1e300, float.NegativeInfinity),
            (double.PositiveInfinity, float.PositiveInfinity), (double.NegativeInfinity, float.NegativeInfinity), (double.NaN, float.NaN),
        ];
        AssertReads("F64", [.. doubles.SelectMany(d => BitConverter.GetBytes(d.Bits))], [.. doubles.Select(d => d.Value)]);
    }

    /// <summary>A converted tensor is read in pieces; the last is shorter.</summary>
    [Test]
    public void Conversion_goes_on_from_piece_to_piece()
    {
        const int count = (1 << 20) + 3;
        var bytes = new byte[2 * count];
        for (var i = 0; i < count; i++) BitConverter.TryWriteBytes(bytes.AsSpan(2 * i), (Half)(i % 2048));
        AssertReads("F16", bytes, [.. Enumerable.Range(0, count).Select(i => (float)(i % 2048))]);
    }

    private static void AssertReads(string type, byte[] bytes, float[] values)
    {
        using var folder = new TemporaryFolder();
        var header = $$$"""{"a":{"dtype":"{{{type}}}","shape":[{{{values.Length}}}],"data_offsets":[0,{{{bytes.Length}}}]}}""";
        File.WriteAllBytes(folder["a"], SafetensorsBytes.Of(header, bytes));
        using var file = Safetensors.Open(folder["a"]);
        var read = file.Read("a").ToArray();
        Assert.That(read, Is.EqualTo(values));
        foreach (var (value, expected) in read.Zip(values))         // 0 equals −0
            if (!float.IsNaN(expected))
                Assert.That(float.IsNegative(value), Is.EqualTo(float.IsNegative(expected)), $"the sign of {expected}");
    }

    private static string WithMember(string member) => "{\"a\":{" + member + "," + A[1..] + "}";

    private static TestCaseData<string, int> Type(string type, string shape, int bytes) => Case(
        $"{type} [{shape}]", $$$"""{"a":{{{A}}},"n":{"dtype":"{{{type}}}","shape":[{{{shape}}}],"data_offsets":[12,{{{12 + bytes}}}]}}""", bytes);

    private static TestCaseData<string, int> Case(string name, string header, int more = 0) =>
        new(header, more) { TestName = $"{{m}}({name})" };

    private sealed class Single : Module
    {
        public Parameter A { get; } = new(Tensor.Zeros([3]));

        public override Tensor Forward(Tensor x) => x;
    }
}

using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Files of other programs: everything that the format's reference implementation reads.</summary>
public sealed class ForeignSafetensorsTests
{
    private static readonly float[] Values = [1, 2, 3];
    private static readonly string A = Member("a", "F32", "3", 0, 12);
    private static readonly string Inside = A[5..^1];           // without its name and its braces

    /// <summary>Members of headers with a tensor 'a' of the values, and the number of data bytes after it.</summary>
    public static IEnumerable<TestCaseData<string, int>> Headers =>
    [
        Case("nothing more", A),
        Case("key order", """ "a":{"data_offsets":[0,12],"shape":[3],"dtype":"F32"} """),
        Case("blanks", A.Replace(":", "\n\t:\r ", StringComparison.Ordinal) + "\r\n\t "),
        Case("extra key", WithMember("\"stride\":[1]")),
        Case("extra keys of all kinds", WithMember("""
            "n":null,"t":true,"x":1.5e3,"s":"a\u00e9😀","l":[[],[1,[2]],{}],"o":{"dtype":"F64","o":{"shape":[7]}}
            """)),
        Case("extra key twice", WithMember("\"x\":1,\"x\":2")),
        Case("extra key a hundred deep", WithMember("\"x\":" + new string('[', 100) + new string(']', 100))),
        Case("escaped keys", """ "\u0061":{"\u0064type":"F\u00332","shap\u0065":[3],"data_offsets":[0,12]} """),
        Case("metadata of null", $"\"__metadata__\":null,{A}"),
        Case("no metadata in it", $"\"__metadata__\":{{}},{A}"),
        Case("empty before", $"{Member("z", "F32", "0,7", 0, 0)},{A}"),
        Case("empty after it", $"{A},{Member("z", "F4", "2,0", 12, 12)}"),
        Case("empty of great extents", $"{A},{Member("z", "I8", "0,9223372036854775807,9", 12, 12)}"),
        Case("two empty at one offset", $"{Member("z", "U8", "0", 0, 0)},{A},{Member("y", "U8", "0", 0, 0)}"),
        Case("name without letters", $"{A},{Member("", "U8", "1", 12, 13)}", 1),
        Case("name of a zero", $"{A},{Member("\\u0000", "U8", "1", 12, 13)}", 1),
        Case("scalar", $"{A},{Member("s", "I16", "", 12, 14)}", 2),
        .. from type in (string[])["BOOL", "I8", "U8", "F8_E4M3", "F8_E5M2"] select Type(type, "2", 2),
        .. from type in (string[])["F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"] select Type(type, "2", 2),
        .. from type in (string[])["I16", "U16", "F16", "BF16"] select Type(type, "2", 4),
        .. from type in (string[])["I32", "U32", "F32"] select Type(type, "2", 8),
        .. from type in (string[])["I64", "U64", "F64", "C64"] select Type(type, "2", 16),
        .. from type in (string[])["F6_E2M3", "F6_E3M2"] select Type(type, "4,2", 6),
        Type("F6_E2M3", "4", 3),
        Type("F4", "2,8", 8),
        Type("F4", "2,1", 1),
    ];

    [TestCaseSource(nameof(Headers))]
    public void Are_read(string members, int more)
    {
        using var folder = new TemporaryFolder();
        Write(folder["a"], members, more);
        using var file = Safetensors.Open(folder["a"]);
        Assert.That(file.Read("a").ToArray(), Is.EqualTo(Values));

        var model = new Single();
        if (file.Tensors.Count > 1)
        {
            AssertDoesNotFit(folder["a"], "unexpected keys: ");
            return;
        }

        model.Load(folder["a"]);
        Assert.That(model.A.ToArray(), Is.EqualTo(Values));
    }

    /// <summary>
    /// PyTorch's batch norms save num_batches_tracked; without a prefix if the layer is the whole model.
    /// </summary>
    [TestCase("", "I64", 8)]
    [TestCase("0.", "I64", 8)]
    [TestCase("deep.er.0.", "I64", 8)]
    [TestCase("", "F8_E8M0", 1)]
    public void Counts_of_batches_are_ignored(string prefix, string type, int bytes)
    {
        using var folder = new TemporaryFolder();
        Write(folder["a"], $"{A},{Member($"{prefix}num_batches_tracked", type, "", 12, 12 + bytes)}", bytes);
        var model = new Single();
        model.Load(folder["a"]);
        Assert.That(model.A.ToArray(), Is.EqualTo(Values));
    }

    [Test]
    public void Other_names_with_that_ending_are_not_ignored()
    {
        using var folder = new TemporaryFolder();
        Safetensors.Save(folder["a"], [("a", Tensor.From([3], Values)), ("my_num_batches_tracked", Tensor.Zeros([]))]);
        AssertDoesNotFit(folder["a"], "unexpected keys: 'my_num");
    }

    /// <summary>A sparse file, with a tensor that exceeds the limits of a Tensor.</summary>
    [Test]
    public void Tensors_that_are_too_large_are_skipped()
    {
        const long bytes = 1L << 31;
        using var folder = new TemporaryFolder();
        Write(folder["a"], $"{Member("z", "F4", $"2,{bytes}", 12, 12 + bytes)},{A}", 0);
        using (var stream = File.OpenWrite(folder["a"])) stream.SetLength(stream.Length + bytes);

        using var file = Safetensors.Open(folder["a"]);
        Assert.That(file.Read("a").ToArray(), Is.EqualTo(Values));
        Assert.That(file.Find("z")!.Extents, Is.EqualTo(new[] { 2, bytes }));
        const string fault = "'z' has the shape [2, 2147483648]; expected less than 2³¹ elements.";
        Assert.That(() => file.Find("z")!.Shape, Throws.InstanceOf<InputException>().With.Message.EqualTo(fault));
        Assert.That(() => file.Read("z"), Throws.InstanceOf<InputException>().With.Message.EqualTo(fault));
        AssertDoesNotFit(folder["a"], "unexpected keys: 'z' [2, 2147483648]");
    }

    [Test]
    public void Half_floats_are_read_exactly()
    {
        AssertReads<ushort>("F16", BitConverter.GetBytes,
        [
            (0x3C00, 1), (0xC000, -2), (0x7BFF, 65504), (0x0400, 6.1035156e-5f),
            (0x0001, 5.9604645e-8f), (0x03FF, 6.097555e-5f), (0x8001, -5.9604645e-8f), (0x8000, -0f),
            (0x7C00, float.PositiveInfinity), (0xFC00, float.NegativeInfinity), (0x7E00, float.NaN),
            (0x7C01, float.NaN),
        ]);
        AssertReads<ushort>("BF16", BitConverter.GetBytes,
        [
            (0x3F80, 1), (0xC000, -2), (0x7F7F, 3.3895314e38f),
            (0x0001, 9.1835e-41f), (0x007F, 1.1663108e-38f), (0x8001, -9.1835e-41f), (0x8000, -0f),
            (0x7F80, float.PositiveInfinity), (0xFF80, float.NegativeInfinity), (0x7FC0, float.NaN),
            (0x7F81, float.NaN),
        ]);
    }

    /// <summary>Halfway between the largest float and 2¹²⁸, rounding goes to infinity.</summary>
    [Test]
    public void Doubles_are_read_as_the_nearest_floats() => AssertReads<double>("F64", BitConverter.GetBytes,
    [
        (1.0 / 3, 0.33333334f), (16777217, 16777216), (16777219, 16777220), (-0.0, -0f), (1e-300, 0), (-1e-300, -0f),
        (1e-45, 1e-45f), (7.1e-46, 1e-45f), (7e-46, 0), (float.MaxValue, float.MaxValue),
        (3.4028235677973362e38, float.MaxValue), (3.4028235677973366e38, float.PositiveInfinity),
        (1e300, float.PositiveInfinity), (-1e300, float.NegativeInfinity),
        (double.PositiveInfinity, float.PositiveInfinity), (double.NegativeInfinity, float.NegativeInfinity),
        (double.NaN, float.NaN),
    ]);

    /// <summary>A converted tensor is read in chunks; the last is shorter.</summary>
    [Test]
    public void Conversion_continues_from_chunk_to_chunk() => AssertReads<Half>(
        "F16",
        BitConverter.GetBytes,
        [.. Enumerable.Range(0, (1 << 20) + 3).Select(i => ((Half)(i % 2048), (float)(i % 2048)))]);

    private static void AssertReads<T>(string type, Func<T, byte[]> toBytes, (T Element, float Value)[] cases)
    {
        byte[] data = [.. cases.SelectMany(c => toBytes(c.Element))];
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(
            folder["a"], SafetensorsBytes.Of($"{{{Member("a", type, $"{cases.Length}", 0, data.Length)}}}", data));
        using var file = Safetensors.Open(folder["a"]);
        var read = file.Read("a").ToArray();
        Assert.That(read, Is.EqualTo(cases.Select(c => c.Value)));
        Assert.That(read.Select(Sign), Is.EqualTo(cases.Select(c => Sign(c.Value))));

        static int Sign(float x) => float.IsNaN(x) ? 0 : float.IsNegative(x) ? -1 : 1;     // 0 equals −0
    }

    private static void AssertDoesNotFit(string path, string fault) => Assert.That(
        () => new Single().Load(path), Throws.InstanceOf<InputException>().With.Message.Contains(fault));

    private static void Write(string path, string members, int more)
    {
        byte[] data = [.. SafetensorsBytes.Floats(Values), .. new byte[more]];
        File.WriteAllBytes(path, SafetensorsBytes.Of($"{{{members}}}", data));
    }

    private static string Member(string name, string type, string shape, long begin, long end) =>
        $"\"{name}\":{{\"dtype\":\"{type}\",\"shape\":[{shape}],\"data_offsets\":[{begin},{end}]}}";

    private static string WithMember(string member) => $"\"a\":{{{member},{Inside}}}";

    private static TestCaseData<string, int> Type(string type, string shape, int bytes) =>
        Case($"{type} [{shape}]", $"{A},{Member("n", type, shape, 12, 12 + bytes)}", bytes);

    private static TestCaseData<string, int> Case(string name, string members, int more = 0) =>
        new(members, more) { TestName = $"{{m}}({name})" };

    private sealed class Single : Module
    {
        public Parameter A { get; } = new(Tensor.Zeros([3]));

        protected override Tensor Forward(Tensor x) => x;
    }
}

using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class BadSafetensorsTests
{
    private const string Eight = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";

    public static IEnumerable<TestCaseData<byte[], string>> BadFiles =>
    [
        Case("empty", [], "it has 0 bytes"),
        Case("no header", [2, 0, 0, 0, 0, 0, 0, 0], "a header of 2 bytes, but only 0 follow"),
        Case(
            "header as long as can be",
            [255, 255, 255, 255, 255, 255, 255, 255, .. "{}"u8],
            "a header of 18446744073709551615 bytes; expected at most 100000000"),
        Case(
            "header over the limit",
            [1, 0xE1, 0xF5, 5, 0, 0, 0, 0, .. "{}"u8],
            "a header of 100000001 bytes; expected at most 100000000"),
        Case(
            "header longer than the file",
            [0, 0xE1, 0xF5, 5, 0, 0, 0, 0, .. "{}"u8],
            "a header of 100000000 bytes, but only 2 follow"),
        Case("header of no bytes", new byte[8], "does not begin with '{'"),
        Json("blanks before the header", " {}", "does not begin with '{'"),
        Json("list", "[]", "does not begin with '{'"),
        Json("cut JSON", """{"a":{"dtype":"F32" """, "its header is not JSON, near byte"),
        Json("two objects", "{}{}", "its header is not JSON, near byte 10"),
        Json("zeros after the header", "{}\0\0", "its header is not JSON, near byte 10"),
        Json("comment", "{/**/}", "its header is not JSON"),
        Json("trailing comma", Eight[..^1] + ",}", "its header is not JSON", 8),
        Json("nested deeply", """{"a":""" + new string('[', 1000), "'a' is not described as it should be"),
        Json(
            "lone surrogate",
            """{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
            "the text at byte 9 is not UTF-8", 8),
        Case(
            "not UTF-8",
            [6, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1'],
            "the text at byte 9 is not UTF-8"),
        Json("tensor is a number", """{"a":1}""", "'a' is not described as it should be"),
        Json(
            "type is missing",
            """{"a":{"shape":[2],"data_offsets":[0,8]}}""",
            "'a' is not described as it should be", 8),
        Json(
            "shape is missing",
            """{"a":{"dtype":"F32","data_offsets":[0,8]}}""",
            "'a' is not described as it should be", 8),
        Json("offsets are missing", """{"a":{"dtype":"F32","shape":[2]}}""", "'a' is not described as it should be", 8),
        Json("three offsets", With("0,8", "0,8,8"), "'a' is not described as it should be", 8),
        Case(
            "not UTF-8 in what is passed over",
            [13, 0, 0, 0, 0, 0, 0, 0, .. "{\"a\":{\"x\":\""u8, 0xFF, (byte)'"'],
            "the text at byte 18 is not UTF-8"),
        Json("half of a pair passed over", WithMember("\"x\":[{\"y\":\"\\ud83d\"}]"), "half of a surrogate pair", 8),
        Json("half of a pair as a name passed over", WithMember("\"\\ude00\":1"), "half of a surrogate pair", 8),
        Json("a pair the wrong way round", With("\"a\"", "\"a\\ude00\\ud83d\""), "half of a surrogate pair", 8),
        Json("half of a pair in the metadata", """{"__metadata__":{"x":"\udc00"}}""", "half of a surrogate pair"),
        Json(
            "nested too deeply to be passed over",
            WithMember("\"x\":" + new string('[', 200) + new string(']', 200)),
            "its header is not JSON", 8),
        Json("not JSON in what is passed over", WithMember("\"x\":[1,]"), "its header is not JSON", 8),
        Json("description is a list", """{"a":["F32",[2],[0,8]]}""", "'a' is not described as it should be", 8),
        Json("type is a number", With("\"F32\"", "32"), "'a' is not described as it should be", 8),
        Json("one offset", With("0,8", "0"), "'a' is not described as it should be", 8),
        Json("byte-order mark", "\ufeff" + Eight, "does not begin with '{'", 8),
        Json("control character in a name", With("\"a\"", "\"a\u0001\""), "its header is not JSON", 8),
        Json(
            "member twice",
            With("\"shape\"", "\"dtype\":\"F32\",\"shape\""),
            "'a' is not described as it should be", 8),
        Json("tensor twice", Eight[..^1] + "," + Eight[1..], "'a' comes twice", 8),
        Json("metadata twice", """{"__metadata__":{},"__metadata__":{}}""", "__metadata__ comes twice"),
        Json("metadata twice, once null", """{"__metadata__":null,"__metadata__":{}}""", "__metadata__ comes twice"),
        Json("metadata is a list", """{"__metadata__":[]}""", "__metadata__ is not an object of texts"),
        Json("metadata with null", """{"__metadata__":{"k":null}}""", "__metadata__ holds 'k', which is not a text"),
        Json("metadata is a text", """{"__metadata__":"x"}""", "__metadata__ is not an object of texts"),
        Json(
            "metadata with a number",
            """{"__metadata__":{"epoch":3}}""",
            "__metadata__ holds 'epoch', which is not a text"),
        Json("metadata key twice", """{"__metadata__":{"a":"","a":""}}""", "__metadata__ holds 'a' twice"),
        Json("unknown type", With("F32", "F31"), "'a' has elements of type 'F31', which the format does not have", 8),
        Json("negative extent", With("[2]", "[-2]"), "'a' has a shape that holds something else than whole numbers", 8),
        Json("fraction", With("[2]", "[2.5]"), "'a' has a shape that holds something else than whole numbers", 8),
        Json(
            "extent of 20 digits",
            With("[2]", "[20000000000000000000]"),
            "'a' has a shape that holds something else", 8),
        Json("extent is a text", With("[2]", "[\"2\"]"), "'a' has a shape that holds something else", 8),
        Json("negative zero", With("0,8", "-0,8"), "'a' has a data_offsets that holds something else", 8),
        Json("exponent", With("0,8", "0,8e0"), "'a' has a data_offsets that holds something else", 8),
        Json("too large extent", With("[2]", "[4294967296,0]"), "'a' is F32 [4294967296, 0], which takes 0 bytes", 8),
        Json("too many elements", With("[2]", "[65536,65536]"), "which takes 17179869184 bytes", 8),
        Json("overflowing product", With("[2]", "[65536,65536,65536,65536,2]"), "which no file can hold", 8),
        Json("product overflows to 0", With("[2]", "[4611686018427387904,4,2]"), "which no file can hold", 8),
        Json("product overflows before a 0", With("[2]", "[4294967296,4294967296,0]"), "which no file can hold", 8),
        Json("four bits too few", Eight15("F4"), "'a' is F4 [15], which takes 7.5 bytes", 8),
        Json("six bits, no whole bytes", Eight15("F6_E2M3"), "'a' is F6_E2M3 [15], which takes 11.25 bytes", 8),
        Json("complex numbers", With("F32", "C64"), "'a' is C64 [2], which takes 16 bytes", 8),
        Json("type in small letters", With("F32", "f32"), "'a' has elements of type 'f32'", 8),
        Json(
            "too many extents",
            With("[2]", "[2" + string.Concat(Enumerable.Repeat(",1", 64)) + "]"),
            "'a' has a shape of more than 64 numbers", 8),
        Json(
            "shape and bytes differ",
            With("[2]", "[3]"),
            "'a' is F32 [3], which takes 12 bytes, but has bytes 0 to 8 of the data", 8),
        Json(
            "type and bytes differ",
            With("F32", "F64"),
            "'a' is F64 [2], which takes 16 bytes, but has bytes 0 to 8 of the data", 8),
        Json(
            "end before beginning",
            With("0,8", "8,0"),
            "'a' ends at byte 0 of the data, before its beginning at byte 8", 8),
        Json("cut data", Eight, "'a' ends at byte 8 of the data, of which there are 7", 7),
        Json("too much data", Eight, "bytes 8 to 9 of its data belong to no tensor", 9),
        Json("data without tensors", "{}", "bytes 0 to 4 of its data belong to no tensor", 4),
        Json("hole at the beginning", With("0,8", "4,12"), "bytes 0 to 4 of its data belong to no tensor", 12),
        Json(
            "hole between",
            Eight[..^1] + ""","b":{"dtype":"U8","shape":[1],"data_offsets":[9,10]}}""",
            "bytes 8 to 9 of its data belong to no tensor", 10),
        Json(
            "overlap",
            Eight[..^1] + ""","b":{"dtype":"U8","shape":[4],"data_offsets":[7,11]}}""",
            "'b' begins at byte 7 of the data, within 'a'", 11),
        Json(
            "nothing, within another",
            Eight[..^1] + ""","b":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}}""",
            "'b' begins at byte 4 of the data, within 'a'", 8),
        Json(
            "the same bytes twice",
            Eight[..^1] + "," + Eight[1..].Replace("\"a\"", "\"b\"", StringComparison.Ordinal),
            "begins at byte 0 of the data, within", 8),
        Json(
            "long name with a line break",
            "{\"" + new string('n', 79) + "\\n" + new string('n', 9999) + "\":1}",
            "'" + new string('n', 79) + "…' is not described"),
        Json(
            "a name that steers a terminal",
            """{"\u001b[2J\u009b\u202e\u2028x\ud83d\ude00":1}""",
            @"'\u001B[2J\u009B\u202E\u2028x😀' is not described"),
        Json("a long name of pairs", $"{{\"n{Pairs(99)}\":1}}", $"'n{Pairs(39)}…' is not described"),
    ];

    private static string With(string was, string now) => Eight.Replace(was, now, StringComparison.Ordinal);

    private static string Eight15(string type) => With("F32", type).Replace("[2]", "[15]", StringComparison.Ordinal);

    private static string Pairs(int count) => string.Concat(Enumerable.Repeat("😀", count));

    private static string WithMember(string member) => With("\"shape\"", member + ",\"shape\"");

    [TestCaseSource(nameof(BadFiles))]
    public void IsNamed(byte[] content, string fault)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["a"], content);
        Assert.That(
            () => Safetensors.Open(folder["a"]),
            Throws.TypeOf<InputException>()
                .With.Message.StartsWith($"'{folder["a"]}' is not a sound safetensors file: ")
                .And.Message.Contains(fault));
    }

    [Test]
    public void WhatIsNoFileIsNamed()
    {
        using var folder = new TemporaryFolder();
        Assert.That(
            () => Safetensors.Open(folder["missing"]),
            Throws.TypeOf<InputException>().With.Message.StartsWith($"'{folder["missing"]}' cannot be read: "));
        Assert.That(
            () => Safetensors.Open(folder.Name),
            Throws.TypeOf<InputException>().With.Message.Contains("is a folder; expected a safetensors file"));
    }

    private static TestCaseData<byte[], string> Case(string name, byte[] content, string fault) =>
        new(content, fault) { TestName = $"{{m}}({name})" };

    private static TestCaseData<byte[], string> Json(string name, string header, string fault, int data = 0) =>
        Case(name, SafetensorsBytes.Of(header, new byte[data]), fault);
}

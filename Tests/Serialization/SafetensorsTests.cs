using System.Runtime.InteropServices;
using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class SafetensorsTests
{
    [Test]
    public void WritesTheBytesOfTheFormat()
    {
        using var folder = new TemporaryFolder();
        Safetensors.Save(
            folder["a"],
            [("features.0.weight", Tensor.From([1, 2], [1, -2])), ("größe+", Tensor.From([], [0.5f]))],
            new Dictionary<string, string> { ["model"] = "nin", ["data"] = "a \"b\"" });

        var header =
            """
            {"__metadata__":{"data":"a \"b\"","model":"nin"},
            "features.0.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},
            "größe+":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}
            """.Replace("\n", "", StringComparison.Ordinal);
        // ö and ß take two bytes each, and the data begins at a multiple of 8.
        var padded = header.PadRight((header.Length + 2 + 7) / 8 * 8 - 2);
        var expected = SafetensorsBytes.Of(padded, SafetensorsBytes.Floats(1, -2, 0.5f));
        Assert.That(File.ReadAllBytes(folder["a"]), Is.EqualTo(expected));
    }

    [Test]
    public void ReadsWhatItWrote()
    {
        var signalingNaN = BitConverter.Int32BitsToSingle(0x7FA00001);
        float[] odd = [float.NaN, signalingNaN, -0f, 1e-45f, float.MinValue, float.NegativeInfinity];
        var rng = new Rng(7);
        (string Name, Tensor Tensor)[] tensors =
        [
            ("odd", Tensor.From([6], odd)),
            ("scalar", Tensor.From([], [3])),
            ("empty", Tensor.From([3, 0], [])),
            ("images", Tensor.Uniform([2, 3, 4, 5], -1, 1, rng)),
            ("rank five", Tensor.Uniform([1, 2, 3, 2, 1], -1, 1, rng)),
            ("more than one chunk", Tensor.Uniform([1025, 1025], -1, 1, rng)),
        ];

        using var folder = new TemporaryFolder();
        Safetensors.Save(folder["a"], tensors);
        using var file = Safetensors.Open(folder["a"]);

        Assert.That(file.Tensors.Select(t => t.Name), Is.EqualTo(tensors.Select(t => t.Name)));
        Assert.That(file.Metadata, Is.Empty);
        foreach (var (name, tensor) in tensors)
        {
            var read = file.Read(name);
            Assert.That(read.Shape, Is.EqualTo(tensor.Shape));
            Assert.That(Bits(read).SequenceEqual(Bits(tensor)), Is.True, name);
        }

        // Bits, for a NaN equals any NaN.
        static ReadOnlySpan<int> Bits(Tensor tensor) => MemoryMarshal.Cast<float, int>(tensor.ToArray());
    }

    [Test]
    public void ReadsOtherTypesAsFloats()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["a"], SafetensorsBytes.Sample());
        using var file = Safetensors.Open(folder["a"]);

        Assert.That(
            file.Metadata, Is.EquivalentTo(new Dictionary<string, string> { ["format"] = "pt", ["epoch"] = "3" }));
        Assert.That(
            file.Read("features.0.weight").ToArray(),
            Is.EqualTo(new[] { 1, -2, 0.5f, 1e-40f, float.NaN, float.PositiveInfinity }));
        Assert.That(file.Read("features.0.bias").ToArray(), Is.EqualTo(new[] { 1f, -65504 }));
        Assert.That(file.Read("running_mean").ToArray(), Is.EqualTo(new[] { 1, -3, float.PositiveInfinity }));
        Assert.That(file.Read("half-way").Item(), Is.EqualTo(MathF.PI));
        Assert.That(file.Find("num_batches_tracked"), Is.Not.Null);
        Assert.That(
            () => file.Read("num_batches_tracked"),
            Throws.TypeOf<InputException>().With.Message.EqualTo(
                $"'{folder["a"]}' holds 'num_batches_tracked' in I64; expected F32, F16, BF16 or F64."));
        Assert.That(() => file.Read("x"), Throws.TypeOf<InputException>().With.Message.Contains("has no tensor 'x'"));
    }

    [Test]
    public void RefusesNamesThatAreTaken()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a"], "as before");
        Assert.That(
            () => Safetensors.Save(folder["a"], [("a", Tensor.Zeros([1])), ("a", Tensor.Zeros([1]))]),
            Throws.ArgumentException.With.Message.Contains("'a'"));
        Assert.That(
            () => Safetensors.Save(folder["a"], [("__metadata__", Tensor.Zeros([1]))]),
            Throws.ArgumentException.With.Message.Contains("__metadata__"));
        Assert.That(File.ReadAllText(folder["a"]), Is.EqualTo("as before"));
    }

    /// <summary>JSON writers replace them by one character, which may make two names equal.</summary>
    [Test]
    public void RefusesHalvesOfSurrogatePairs()
    {
        using var folder = new TemporaryFolder();
        foreach (var text in (string[])["x\ud83d", "\ude00", "\ude00\ud83d", "😀\ud83d!"])
        {
            AssertRefused(text, "k", "v");
            AssertRefused("a", text, "v");
            AssertRefused("a", "k", text);
        }

        Assert.That(Directory.GetFileSystemEntries(folder.Name), Is.Empty);

        void AssertRefused(string name, string key, string value)
        {
            var metadata = new Dictionary<string, string> { [key] = value };
            Assert.That(
                () => Safetensors.Save(folder["a"], [(name, Tensor.Zeros([1]))], metadata),
                Throws.ArgumentException.With.Message.Contains("\\uD")
                    .And.Message.Contains("half of a surrogate pair"));
        }
    }

    [Test]
    public void RefusesAHeaderBeyondTheLimit()
    {
        using var folder = new TemporaryFolder();
        var large = new Dictionary<string, string> { ["k"] = new('x', 100_000_000) };
        Assert.That(
            () => Safetensors.Save(folder["a"], [], large),
            Throws.ArgumentException.With.Message.Contains("expected 100000000 or less"));
    }

    [Test]
    public void KeepsNamesOfAllKinds()
    {
        using var folder = new TemporaryFolder();
        string[] names =
            ["a\"b\\c", "line\nbreak", "größe.猫.😀", "", "\0", "a/b", "\u001b[2J", "\ufffd", "\u2028", "__metadata"];
        var metadata = new Dictionary<string, string> { [""] = "", ["k\n"] = "v\t\u001b😀" };
        Safetensors.Save(folder["a"], [.. names.Select((name, i) => (name, Tensor.Full([1], i)))], metadata);
        using var file = Safetensors.Open(folder["a"]);
        Assert.That(file.Tensors.Select(t => t.Name), Is.EqualTo(names));
        Assert.That(names.Select(name => (int)file.Read(name).Item()), Is.EqualTo(Enumerable.Range(0, names.Length)));
        Assert.That(file.Metadata, Is.EquivalentTo(metadata));
    }
}

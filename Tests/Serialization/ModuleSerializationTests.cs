using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class ModuleSerializationTests
{
    [Test]
    public void LoadsWhatAnotherModelSaved()
    {
        using var folder = new TemporaryFolder();
        var (one, other) = (new Pair(1), new Pair(2));
        Assert.That(Values(other), Is.Not.EqualTo(Values(one)), "or this test shows nothing");

        one.Save(folder["a"]);
        other.Load(folder["a"]);

        Assert.That(Values(other), Is.EqualTo(Values(one)));
    }

    [Test]
    public void EqualWeightsGiveEqualBytes()
    {
        using var folder = new TemporaryFolder();
        new Pair(1).Save(folder["a"]);
        new Pair(1).Save(folder["b"]);
        new Pair(2).Save(folder["c"]);
        Assert.That(File.ReadAllBytes(folder["b"]), Is.EqualTo(File.ReadAllBytes(folder["a"])));
        Assert.That(File.ReadAllBytes(folder["c"]), Is.Not.EqualTo(File.ReadAllBytes(folder["a"])));
    }

    [Test]
    public void NamesAndShapesArePyTorchs()
    {
        using var folder = new TemporaryFolder();
        new Pair(1).Save(folder["a"]);
        using var file = Safetensors.Open(folder["a"]);
        Assert.That(
            file.Tensors.Select(t => $"{t.Name} {t.Shape}"),
            Is.EqualTo(new[]
            {
                "layers.0.weight [2, 3, 1, 2]", "layers.0.running_mean [2]",
                "layers.1.weight [2, 3, 1, 2]", "layers.1.running_mean [2]",
            }));
    }

    [Test]
    public void IgnoresPyTorchsCountOfBatches()
    {
        using var folder = new TemporaryFolder();
        var saved = new Pair(1);
        Safetensors.Save(folder["a"], [.. saved.State(), ("layers.0.num_batches_tracked", Tensor.Zeros([]))]);
        var model = new Pair(2);
        model.Load(folder["a"]);
        Assert.That(Values(model), Is.EqualTo(Values(saved)));
    }

    [Test]
    public void AFileThatDoesNotFitIsNamedAndChangesNothing()
    {
        var state = new Pair(1).State();
        (string, Tensor)[] odd =
        [
            state[0],                                                       // fits, but must not be loaded either
            ("layers.0.running_mean", Tensor.Zeros([3])),
            ("layers.1.weight", Tensor.Zeros([2, 3, 2, 1])),
            ("layers.1.bias", Tensor.Zeros([2])),
        ];
        AssertRefused(
            path => Safetensors.Save(path, odd),
            "does not fit the model: missing keys: 'layers.1.running_mean' [2]; " +
            "unexpected keys: 'layers.1.bias' [2]; size mismatch: " +
            "'layers.0.running_mean' [3], expected [2], 'layers.1.weight' [2, 3, 2, 1], expected [2, 3, 1, 2].");
    }

    [Test]
    public void IntegersAreNotReadAsWeights()
    {
        (string Name, string Type, int Bytes)[] tensors =
        [
            ("layers.0.weight", "F32", 48), ("layers.0.running_mean", "I64", 16),
            ("layers.1.weight", "F32", 48), ("layers.1.running_mean", "F32", 8),
        ];
        var begin = 0;
        var header = string.Join(',', tensors.Select(t =>
        {
            var shape = t.Name.EndsWith("weight", StringComparison.Ordinal) ? "2,3,1,2" : "2";
            var offsets = $"{begin},{begin += t.Bytes}";
            return $"\"{t.Name}\":{{\"dtype\":\"{t.Type}\",\"shape\":[{shape}],\"data_offsets\":[{offsets}]}}";
        }));
        AssertRefused(
            path => File.WriteAllBytes(path, SafetensorsBytes.Of($"{{{header}}}", new byte[begin])),
            "does not fit the model: of a type other than F32, F16, BF16 or F64: 'layers.0.running_mean' I64.");
    }

    [Test]
    public void The_message_for_another_models_file_names_all_of_its_tensors() => AssertRefused(
        path => Safetensors.Save(path, Enumerable.Range(0, 20).Select(i => ($"t{i}", Tensor.Zeros([1])))),
        $"unexpected keys: {string.Join(", ", Enumerable.Range(0, 20).Select(i => $"'t{i}' [1]"))}.");

    [Test]
    public void ATruncatedFileChangesNothing() => AssertRefused(
        path =>
        {
            new Pair(1).Save(path);
            File.WriteAllBytes(path, File.ReadAllBytes(path)[..^1]);
        },
        "'layers.1.running_mean' ends at byte 112 of the data, of which there are 111");

    private static void AssertRefused(Action<string> write, string fault)
    {
        using var folder = new TemporaryFolder();
        write(folder["a"]);
        var model = new Pair(2);
        var before = Values(model);
        Assert.That(
            () => model.Load(folder["a"]),
            Throws.TypeOf<InputException>().With.Message.StartsWith($"'{folder["a"]}' ").And.Message.Contains(fault));
        Assert.That(Values(model), Is.EqualTo(before));
    }

    private static float[] Values(Module model) => [.. model.State().SelectMany(s => s.Tensor.ToArray())];

    private sealed class Pair(ulong seed) : Module
    {
        private readonly Rng rng = new(seed);

        public IReadOnlyList<Module> Layers => field ??= [new Leaf(rng), new Leaf(rng)];

        protected override Tensor Forward(Tensor x) => x;
    }

    private sealed class Leaf(Rng rng) : Module
    {
        public Parameter Weight { get; } = new(Tensor.Uniform([2, 3, 1, 2], -1, 1, rng));

        public ModuleBuffer RunningMean { get; } = new(Tensor.Uniform([2], -1, 1, rng));

        protected override Tensor Forward(Tensor x) => x;
    }
}

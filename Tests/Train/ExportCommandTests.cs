using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary><c>pynet export</c>: three formats, of a run and of files.</summary>
[Parallelizable, Category("Processes")]
public sealed class ExportCommandTests
{
    private readonly TemporaryFolder folder = new();

    [OneTimeSetUp]
    public void WriteRun()
    {
        var network = NetworkCatalog.Find("nin");
        var options = new NetworkOptions([3, 32, 32], 10) { WidthMultiplier = 0.25 };
        var metadata = new WeightMetadata
        {
            Model = "nin", Data = "shapes", WidthMultiplier = 0.25, Resize = 32,
        }.ToMetadata();
        Directory.CreateDirectory(folder["run"]);
        foreach (var (i, name) in (IEnumerable<(int, string)>)[(1, "best"), (2, "model")])
        {
            var (rng, path) = (new Rng((ulong)i), folder[$"run/{name}.safetensors"]);
            var model = network.Create(options, rng);
            network.Recipe.Initialize(model, rng);
            model.Save(path, metadata);
        }

        File.Copy(folder["run/best.safetensors"], folder["other.safetensors"]);
        NetworkCatalog.Find("two-layer").Create(new([2], 2), new(0)).Save(
            folder["xor.safetensors"],
            new WeightMetadata { Model = "two-layer", Data = "xor", WidthMultiplier = 1 }.ToMetadata());
        NetworkCatalog.Find("lenet5").Create(new([3, 32, 32], 7), new(0)).Save(folder["plain.safetensors"]);
        var config = SmallRunConfig.Of() with
        {
            Model = "nin",
            Data = "shapes", DataDir = null, Width = 0.25, Resize = null, Mean = 0.25f, Deviation = 0.75f,
        };
        using var stream = File.Create(folder["run/config.json"]);
        RunConfigFile.Write(stream, config);
    }

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [Test]
    public void A_run_takes_images_as_its_data_set_and_its_transforms_gave_them()
    {
        var result = Export("run", "--with-preprocessing", "--out", "with.onnx");
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Output, Does.Contain("with.onnx: nin's weights of run/best.safetensors, 10 classes"));
        Assert.That(result.Output, Does.Contain("opset 17").And.Contain("uint8 [N, H, W, 3]"));

        var trained = TrainedNetwork.Open(folder["run"], RunWeights.Best, null, recipe => recipe, null);
        var data = DataCatalog.Load("shapes").Test;
        var transform = trained.Recipe.CreateTransforms(data);
        var (x, _) = new DataLoader(data.Take(7), 7, transform, shuffle: false).Epoch(1).First();
        using var noGrad = GradMode.NoGrad();
        var expected = trained.Load().Forward(x).ToArray();

        var (item, bytes) = (new float[3 * 32 * 32], new byte[7 * 3 * 32 * 32]);
        for (var i = 0; i < 7; i++)
        {
            data.Read(i, item);
            for (var j = 0; j < item.Length; j++)
                bytes[i * item.Length + j % 1024 * 3 + j / 1024] = (byte)MathF.Round(255 * item[j]);
        }

        using var session = new OnnxSession(folder["with.onnx"]);
        Assert.That(OnnxSession.Difference(session.Run([7, 32, 32, 3], bytes).Values, expected), Is.LessThan(1e-5));
        var metadata = session.Metadata.CustomMetadataMap;
        Assert.That((metadata["model"], metadata["width"], metadata["data"]), Is.EqualTo(("nin", "0.25", "shapes")));
        var names = JsonNode.Parse(metadata["classes"])!.AsArray().Select(name => $"{name}");
        Assert.That(names, Is.EqualTo(data.ClassNames));
        var preprocessing = JsonNode.Parse(metadata["preprocessing"])!;
        Assert.That(preprocessing["resize"]!.AsArray().Select(side => (int)side!), Is.EqualTo([32, 32]));
        Assert.That(((float?)preprocessing["mean"], (float?)preprocessing["std"]), Is.EqualTo((0.25f, 0.75f)));
        Assert.That((bool?)preprocessing["in_graph"], Is.True);
    }

    [Test]
    public void The_last_weights_of_a_run_go_beside_them()
    {
        var result = Export("run", "--weights", "last");
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        using var session = new OnnxSession(folder["run/model.onnx"]);
        var expected = TrainedNetwork.Open(folder["run"], RunWeights.Last, null, recipe => recipe, null).Load();
        var x = Tensor.Uniform([2, 3, 32, 32], -1, 1, new(5));
        using var noGrad = GradMode.NoGrad();
        Assert.That(
            OnnxSession.Difference(session.Run(x.Shape, x.ToArray()).Values, expected.Forward(x).ToArray()),
            Is.LessThan(1e-5));
    }

    [Test]
    public void Weights_are_written_for_NumPy_and_for_PyTorch()
    {
        var numpy = Export("other.safetensors", "--format", "npz");
        var torch = Export("other.safetensors", "--format", "safetensors", "--out", "clean.safetensors");
        Assert.That((numpy.ExitCode, torch.ExitCode), Is.EqualTo((0, 0)), numpy.Error + torch.Error);

        using var weights = Safetensors.Open(folder["other.safetensors"]);
        using var clean = Safetensors.Open(folder["clean.safetensors"]);
        using var archive = ZipFile.OpenRead(folder["other.npz"]);
        Assert.That(archive.Entries.Select(e => e.FullName), Is.EqualTo(weights.Tensors.Select(t => $"{t.Name}.npy")));
        foreach (var tensor in weights.Tensors)
        {
            var values = weights.Read(tensor.Name).ToArray();
            Assert.That(clean.Read(tensor.Name).ToArray(), Is.EqualTo(values));
            using var content = new MemoryStream();
            using (var entry = archive.GetEntry($"{tensor.Name}.npy")!.Open()) entry.CopyTo(content);
            var bytes = content.ToArray();
            var shape = tensor.Shape.Rank == 1 ? $"({tensor.Shape[0]},)" : $"({string.Join(", ", tensor.Shape)})";
            Assert.That(Encoding.ASCII.GetString(bytes, 10, 110), Does.Contain($"'shape': {shape}"));
            var floats = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(^(4 * values.Length)..));
            Assert.That(floats.ToArray(), Is.EqualTo(values));
        }

        Assert.That(clean.Metadata["classes"], Does.StartWith("[\"circle\""));
        Assert.That((clean.Metadata["mean"], clean.Metadata["model"]), Is.EqualTo(("0.5", "nin")));
    }

    [Test]
    public void What_a_file_does_not_say_follows_from_its_tensors()
    {
        var plain = TrainedNetwork.Open(folder["plain.safetensors"], null, "lenet5", recipe => recipe, folder["none"]);
        Assert.That($"{plain.Options.Input}", Is.EqualTo("[3, 32, 32]"), "the network as published has one channel");
        Assert.That(plain.Options.Classes, Is.EqualTo(7));
        Assert.That(plain.ClassNames, Is.Null);
        var xor = TrainedNetwork.Open(folder["xor.safetensors"], null, null, recipe => recipe, null);
        Assert.That((xor.HasImages, $"{xor.Options.Input}"), Is.EqualTo((false, "[2]")));
        Assert.That(xor.ToMetadata().Keys, Has.No.Member("mean"), "features are standardized over the training set");
    }

    [TestCase("'none' cannot be read", "none")]
    [TestCase("holds no run: there is no config.json", ".")]
    [TestCase("does not say of which network its weights are; --model NAME does", "plain.safetensors")]
    [TestCase("they are weights of 'nin', not of lenet5", "other.safetensors", "--model", "lenet5")]
    [TestCase("does not fit", "other.safetensors", "--width", "0.5")]
    [TestCase("is for --format onnx", "other.safetensors", "--format", "npz", "--with-preprocessing")]
    [TestCase("is for images; two-layer takes items of [2]", "xor.safetensors", "--with-preprocessing")]
    [TestCase("would be replaced by itself; --out FILE names another", "other.safetensors", "--format", "safetensors")]
    [TestCase("its folder", "other.safetensors", "--out", "nowhere/x.onnx")]
    [TestCase("--format 'pb': expected one of onnx, safetensors, npz", "other.safetensors", "--format", "pb")]
    public void A_wrong_call_is_one_line(string expected, params string[] arguments)
    {
        var there = Directory.GetFiles(folder.Name, "*", SearchOption.AllDirectories);
        string[] line = [folder[arguments[0]], .. arguments.Skip(1)];
        var output = Array.IndexOf(line, "--out");
        if (output >= 0) line[output + 1] = folder[line[output + 1]];
        Assert.That(
            () => new Train.CommandLine().Run(["export", .. line]),
            Throws.TypeOf<InputException>().With.Message.Contains(expected.Replace("'none'", $"'{folder["none"]}'")));
        Assert.That(Directory.GetFiles(folder.Name, "*", SearchOption.AllDirectories), Is.EquivalentTo(there));
    }

    [Test]
    public void A_run_without_weights_says_so()
    {
        using var empty = new TemporaryFolder();
        File.Copy(folder["run/config.json"], empty["config.json"]);
        Assert.That(
            () => TrainedNetwork.Open(empty.Name, null, null, recipe => recipe, null),
            Throws.TypeOf<InputException>().With.Message.Contains("it has no weights yet"));
    }

    private ChildProcess.Result Export(params string[] arguments) =>
        PynetProcess.Run(folder.Name, ["export", .. arguments]);
}

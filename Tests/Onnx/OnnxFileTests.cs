using NUnit.Framework;
using PyNetSharp.Onnx;

namespace PyNetSharp.Tests;

/// <summary>What a file has besides the operators: names, types, metadata, preprocessing.</summary>
public sealed class OnnxFileTests
{
    [Test]
    public void A_file_has_its_names_its_metadata_and_a_free_batch()
    {
        using var folder = new TemporaryFolder();
        var model = new Sequential(("conv", new Conv2d(3, 4, 3, new(0))), ("pool", new GlobalAvgPool2d()));
        model.SaveOnnx(folder["m.onnx"], Tensor.Ones([1, 3, 5, 6]), new()
        {
            Metadata = new Dictionary<string, string> { ["classes"] = "[\"cat\",\"é\"]" },
            ProducerName = "pynet",
            ProducerVersion = "1.2",
        });

        using var session = new OnnxSession(folder["m.onnx"]);
        Assert.That(session.Metadata.CustomMetadataMap["classes"], Is.EqualTo("[\"cat\",\"é\"]"));
        Assert.That(session.Metadata.ProducerName, Is.EqualTo("pynet"));
        Assert.That(session.Metadata.GraphName, Is.EqualTo("Sequential"));
        Assert.That(session.Inputs.Keys, Is.EqualTo(["input"]));
        Assert.That(session.Inputs["input"].SymbolicDimensions, Is.EqualTo(["N", "", "", ""]));
        Assert.That(session.Inputs["input"].Dimensions, Is.EqualTo([-1, 3, 5, 6]));
        Assert.That(session.Outputs["output"].SymbolicDimensions, Is.EqualTo(["N", ""]));
        Assert.That(session.Outputs["output"].Dimensions, Is.EqualTo([-1, 4]));
        Assert.That(Directory.GetFiles(folder.Name), Has.Length.EqualTo(1), "no temporary file remains");
    }

    [Test]
    public void Operators_have_the_paths_of_their_layers()
    {
        var rng = new Rng(0);
        var model = new Sequential(
            ("body", new Sequential(new Conv2d(3, 4, 3, rng), new ReLU(), new MaxPool2d(2))), ("out", new Flatten()));
        var proto = model.ToOnnx(Tensor.Ones([2, 3, 6, 6]));
        Assert.That(proto.IrVersion, Is.EqualTo(8));
        Assert.That(proto.OpsetImport.Single().Version, Is.EqualTo(17));
        Assert.That(
            proto.Graph.Node.Select(node => node.Name),
            Is.EqualTo(["body.0/Conv", "body.0/Relu", "body.2/MaxPool", "out/Flatten"]));
    }

    [Test]
    public void Tied_weights_and_equal_constants_are_there_once()
    {
        var shared = new Linear(4, 4, new(0));
        var proto = OnnxSession.AssertAgrees(new Sequential(shared, new GELU(), shared, new GELU()), [4]);
        Assert.That(
            proto.Graph.Initializer.Select(tensor => tensor.Name),
            Is.EquivalentTo(["0.weight", "0.bias", "constant", "constant_2", "constant_3"]));
    }

    [Test]
    public void What_is_computed_and_not_used_is_left_out()
    {
        var proto = OnnxSession.AssertAgrees(new OnnxLayerTests.Lambda(x =>
        {
            _ = x.Exp();
            return x.Tanh();
        }), [4]);
        Assert.That(proto.Graph.Node.Select(node => node.OpType), Is.EqualTo(["Tanh"]));
    }

    [Test]
    public void A_fault_while_a_file_is_written_leaves_the_old_one()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["m.onnx"], "old");
        var model = new OnnxLayerTests.Lambda(x => x.Dropout(0.5f, seed: 0));
        Assert.That(
            () => model.SaveOnnx(folder["m.onnx"], Tensor.Ones([2, 2])), Throws.TypeOf<NotSupportedException>());
        Assert.That(File.ReadAllText(folder["m.onnx"]), Is.EqualTo("old"));
        Assert.That(
            () => new ReLU().SaveOnnx(folder["none/m.onnx"], Tensor.Ones([2, 2])),
            Throws.TypeOf<InputException>().With.Message.Contains("does not exist"));
    }

    private static readonly (int Channels, int Height, int Width, int Side)[] Images =
        [(3, 32, 32, 32), (3, 40, 57, 32), (3, 17, 13, 32), (1, 28, 28, 32), (3, 32, 32, 227), (3, 500, 375, 224)];

    [TestCaseSource(nameof(Images))]
    public void Preprocessing_is_that_of_the_transforms((int Channels, int Height, int Width, int Side) row)
    {
        var (channels, height, width, side) = row;
        var mean = channels == 1 ? [0.3f] : new[] { 0.485f, 0.456f, 0.406f };
        var std = channels == 1 ? [0.2f] : new[] { 0.229f, 0.224f, 0.225f };
        Compose transform = new(new Resize(side, side), new Normalize(mean, std));
        using var session = new OnnxSession(new Identity().ToOnnx(
            Tensor.Ones([2, channels, side, side]), new() { Preprocessing = new(side, side, mean, std) }));

        foreach (var n in (int[])[1, 7])
        {
            var bytes = Pixels(n * height, width * channels, isSmooth: height > 100);
            var item = new float[channels * height * width];
            var expected = new float[n * channels * side * side];
            for (var i = 0; i < n; i++)
            {
                for (var j = 0; j < item.Length; j++)
                    item[j % channels * height * width + j / channels] = bytes[i * item.Length + j] / 255f;
                var result = expected.AsSpan(i * channels * side * side, channels * side * side);
                transform.Apply([channels, height, width], item, result, new(0));
            }

            var (shape, values) = session.Run([n, height, width, channels], bytes);
            Assert.That(shape, Is.EqualTo([n, channels, side, side]));
            Assert.That(OnnxSession.Difference(values, expected), Is.LessThan(1e-5));
        }
    }

    /// <summary>
    /// White noise; or waves, as photographs are smooth: coordinates of large images are rounded differently, by up to
    /// 2⁻¹⁵ of the distance of pixels.
    /// </summary>
    private static byte[] Pixels(int rows, int columns, bool isSmooth)
    {
        var bytes = new byte[rows * columns];
        var random = new Random(rows);
        if (!isSmooth) random.NextBytes(bytes);
        else
            for (var i = 0; i < bytes.Length; i++)
            {
                var wave = Math.Sin(i / columns * 0.05) * Math.Cos(i % columns * 0.03);
                bytes[i] = (byte)(128 + 100 * wave + random.Next(12));
            }

        return bytes;
    }

    [Test]
    public void Preprocessing_fits_the_network()
    {
        var example = Tensor.Ones([2, 3, 8, 8]);
        foreach (var wrong in (ImagePreprocessing[])[new(8, 9, [0], [1]), new(8, 8, [0, 0], [1, 1])])
            Assert.That(
                () => new ReLU().ToOnnx(example, new() { Preprocessing = wrong }),
                Throws.ArgumentException.With.Message.Contains("fit a network that takes [2, 3, 8, 8]"));
    }
}

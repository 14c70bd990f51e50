using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json.Nodes;
using NUnit.Framework;
using SkiaSharp;

namespace PyNetSharp.Tests;

/// <summary><c>pynet predict</c>, and training on a folder of pictures.</summary>
[Parallelizable, Category("Processes")]
public sealed class PredictCommandTests
{
    private readonly TemporaryFolder folder = new();

    [OneTimeSetUp]
    public void Train()
    {
        SmallCifar.Write(folder["cifar10"]);
        var trained = Pynet(
            "train", "lenet5", "--width", "0.5", "--data", "cifar10", "--data-dir", folder.Name, "--epochs", "2",
            "--batch-size", "20", "--lr", "0.01", "--quiet", "--out", "run");
        Assert.That(trained.ExitCode, Is.Zero, trained.Error);
        WritePngs(CifarReader.ReadCifar10(folder["cifar10"]).Test, folder["png"], byClass: false);
    }

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [Test]
    public void Logits_equal_those_of_evaluate_bit_for_bit()
    {
        var evaluated = Pynet(
            "evaluate", "lenet5", "--weights", "run/best.safetensors", "--data-dir", folder.Name, "--logits", "a.npy");
        var predicted = Pynet("predict", "run", "png", "--logits", "b.npy", "--json", "--top", "2");

        Assert.That((evaluated.ExitCode, predicted.ExitCode), Is.EqualTo((0, 0)), evaluated.Error + predicted.Error);
        Assert.That(File.ReadAllBytes(folder["b.npy"]), Is.EqualTo(File.ReadAllBytes(folder["a.npy"])));

        var predictions = JsonNode.Parse(predicted.Output)!["predictions"]!.AsArray();
        Assert.That(predictions, Has.Count.EqualTo(SmallCifar.PerFile));
        var (logits, names) = (Logits("b.npy", 10), CifarReader.ReadCifar10(folder["cifar10"]).Test.ClassNames);
        foreach (var (i, prediction) in predictions.Index())
        {
            var row = logits[i];
            var sum = row.Sum(x => Math.Exp(x - row.Max()));
            var (top, label) = (prediction!["top"]!.AsArray(), Array.IndexOf(row, row.Max()));
            Assert.That((string?)prediction["class"], Is.EqualTo(names[label]));
            Assert.That((double?)top[0]!["probability"], Is.EqualTo(1 / sum).Within(1e-6));
            Assert.That(top, Has.Count.EqualTo(2));
        }
    }

    [Test]
    public void A_program_predicts_what_the_command_does()
    {
        var classifier = Classifier.Load(folder["run/best.safetensors"]);
        var prediction = classifier.Predict(folder["png/00003.png"]);

        var printed = Pynet("predict", "run/best.safetensors", "png/00003.png", "--csv", "--top", "10").Output;
        var lines = printed.Trim().Split('\n');
        Assert.That(lines[0], Is.EqualTo("file,rank,class,probability"));
        var found = lines[1..].Select(line => line.Split(',')).ToArray();
        Assert.That(found.Select(cells => cells[2]), Is.EqualTo(prediction.Top(10).Select(k => k.ClassName)));
        Assert.That(
            found.Select(cells => double.Parse(cells[3], CultureInfo.InvariantCulture)),
            Is.EqualTo(prediction.Top(10).Select(k => k.Probability)));
        Assert.That(prediction.Probabilities.ToArray().Sum(), Is.EqualTo(1).Within(1e-12));

        var (pixels, shape) = ImageFile.Read(folder["png/00003.png"]);
        var values = Tensor.From(shape, [.. pixels.Select(b => b / 255f)]);
        Assert.That(classifier.Predict(values).Logits.ToArray(), Is.EqualTo(prediction.Logits.ToArray()));
        Parallel.For(0, 8, _ => Assert.That(
            classifier.Predict(pixels, shape).Logits.ToArray(), Is.EqualTo(prediction.Logits.ToArray())));
    }

    /// <summary>Bytes of images into ONNX Runtime, files of the same images into the command.</summary>
    [TestCase("run")]
    [TestCase("resized")]
    public void An_export_with_preprocessing_predicts_what_the_command_does(string run)
    {
        if (run == "resized")
        {
            var trained = Pynet(
                "train", "nin", "--width", "0.05", "--data", "cifar10", "--data-dir", folder.Name, "--resize", "48",
                "--max-steps", "2", "--batch-size", "20", "--quiet", "--out", run);
            Assert.That(trained.ExitCode, Is.Zero, trained.Error);
        }

        var exported = Pynet("export", run, "--with-preprocessing", "--out", $"{run}.onnx");
        var predicted = Pynet("predict", run, "png", "--logits", $"{run}.npy");
        Assert.That((exported.ExitCode, predicted.ExitCode), Is.EqualTo((0, 0)), exported.Error + predicted.Error);

        var files = Directory.GetFiles(folder["png"]).Order(StringComparer.Ordinal).ToArray();
        byte[] bytes = [.. files.SelectMany(PixelsOf)];
        using var session = new OnnxSession(folder[$"{run}.onnx"]);
        var scores = session.Run([files.Length, 32, 32, 3], bytes).Values;
        float[] logits = [.. Logits($"{run}.npy", 10).SelectMany(row => row)];
        Assert.That(OnnxSession.Difference(scores, logits), Is.LessThan(1e-5));
    }

    [Test]
    public void A_damaged_file_is_named_and_the_others_are_predicted()
    {
        Directory.CreateDirectory(folder["mixed"]);
        var good = File.ReadAllBytes(folder["png/00000.png"]);
        File.WriteAllBytes(folder["mixed/a.png"], good);
        File.WriteAllBytes(folder["mixed/b.png"], good[..(good.Length / 2)]);
        File.WriteAllText(folder["mixed/c.txt"], "a list of pictures");
        File.WriteAllText(folder["mixed/.hidden"], "");
        File.WriteAllBytes(folder["mixed/d.png"], good);

        var result = Pynet("predict", "run", "mixed", "nowhere.jpg", "--top", "1");

        Assert.That(result.ExitCode, Is.EqualTo(2));
        var (lines, errors) = (result.Output.Trim().Split('\n'), result.Error.Trim().Split('\n'));
        Assert.That(lines.Select(line => line.Split(' ')[0]), Is.EqualTo(["mixed/a.png", "mixed/d.png"]));
        Assert.That(lines[0], Does.Match(@"  \w+ \d+\.\d\d %$"));
        Assert.That(errors, Has.Length.EqualTo(3));
        foreach (var (name, error) in ((string[])["b.png", "c.txt", "nowhere.jpg"]).Zip(errors))
            Assert.That(error, Does.Contain(name));
    }

    [TestCase("predict run", "IMAGE")]
    [TestCase("predict png png", "has no weights", "best.safetensors")]
    [TestCase("predict nowhere.safetensors png", "nowhere.safetensors")]
    [TestCase("predict run png --json --csv", "--json and --csv")]
    [TestCase("predict run png --top 0", "--top '0'")]
    [TestCase("train lenet5 --data png", "'", "png' has no folder; expected one for each class")]
    [TestCase("train lenet5 --data ./missing", "missing' does not exist")]
    [TestCase("train lenet5 --data shapes --split 0.2", "--split belongs to a folder of pictures", "shapes")]
    [TestCase("train lenet5 --data shapes --skip-damaged", "--skip-damaged belongs to a folder", "shapes")]
    [TestCase("train lenet5 --data png --split 1", "--split '1'", "below 1")]
    public void A_faulty_call_is_one_line(string line, params string[] said)
    {
        var result = Pynet(line.Split(' '));
        Assert.That(result.ExitCode, Is.EqualTo(2), result.Output);
        Assert.That(result.Error.Trim().Split('\n'), Has.Length.EqualTo(1));
        foreach (var text in said) Assert.That(result.Error, Does.Contain(text));
    }

    [Test]
    public void A_folder_of_pictures_is_trained_on_resumed_measured_and_predicted()
    {
        WritePngs(CifarReader.ReadCifar10(folder["cifar10"]).Train, folder["photos"], byClass: true);
        string[] train =
        [
            "train", "lenet5", "--width", "0.5", "--data", "photos", "--split", "0.2", "--batch-size", "16",
            "--lr", "0.01", "--seed", "3", "--quiet",
        ];
        var whole = Pynet([.. train, "--epochs", "2", "--out", "whole"]);
        var begun = Pynet([.. train, "--epochs", "2", "--max-steps", "7", "--out", "parts"]);
        var refused = Pynet("train", "--resume", "parts", "--split", "0.3");
        var resumed = Pynet("train", "--resume", "parts", "--max-steps", "100", "--quiet");
        var evaluated = Pynet("evaluate", "lenet5", "--weights", "whole/model.safetensors", "--json");

        Assert.That(
            (whole.ExitCode, begun.ExitCode, resumed.ExitCode, evaluated.ExitCode), Is.EqualTo((0, 0, 0, 0)),
            whole.Error + begun.Error + resumed.Error + evaluated.Error);
        Assert.That(refused.ExitCode, Is.EqualTo(2));
        Assert.That(refused.Error, Does.Contain("split: run has 0.2, command has 0.3"));
        Assert.That(
            Safetensors.Open(folder["parts/model.safetensors"]).Read("fc2.weight").ToArray(),
            Is.EqualTo(Safetensors.Open(folder["whole/model.safetensors"]).Read("fc2.weight").ToArray()));

        File.Copy(folder["png/00001.png"], folder["photos/cat/new.png"]);
        var other = Pynet("train", "--resume", "parts", "--epochs", "9");
        Assert.That((other.ExitCode, other.Error.Contains("has other files than", StringComparison.Ordinal)),
            Is.EqualTo((2, true)), other.Error);
        File.Delete(folder["photos/cat/new.png"]);

        var json = JsonNode.Parse(evaluated.Output)!;
        Assert.That((int?)json["count"], Is.EqualTo(20));        // a fifth of 10 of each class
        Assert.That(
            (double?)json["accuracy"], Is.EqualTo(MetricsFile.Read(folder["whole/metrics.jsonl"])[^1].TestAccuracy));
        var classifier = Classifier.Load(folder["whole/model.safetensors"]);
        Assert.That(classifier.ClassNames[0], Is.EqualTo("airplane"));
        Assert.That(classifier.Preprocessing.Item, Is.EqualTo(Shape.Create([1, 32, 32])));
    }

    /// <summary>
    /// With the real data: exact for PNG, and the same class for nearly all JPEG files of quality 95. With half the
    /// colors (4:2:0), which changes small images more, so small a network agrees on 93 to 95 % of them.
    /// </summary>
    [Test, Category("Slow")]
    public void A_thousand_test_images_agree()
    {
        var data = Environment.GetEnvironmentVariable(DataCatalog.FolderVariable);
        if (data is null || DataCatalog.FindFolder("cifar10", data) is not { } cifar)
        {
            Assert.Ignore("There is no CIFAR-10.");
            return;
        }

        var trained = Pynet(
            "train", "lenet5", "--data", "cifar10", "--data-dir", data, "--limit", "10000", "--epochs", "2", "--quiet",
            "--out", "real");
        Assert.That(trained.ExitCode, Is.Zero, trained.Error);
        var test = CifarReader.ReadCifar10(cifar).Test.Take(1000);
        WritePngs(test, folder["thousand"], byClass: false);
        Directory.CreateDirectory(folder["jpeg"]);
        foreach (var file in Directory.GetFiles(folder["thousand"]))
            File.WriteAllBytes(
                Path.Combine(folder["jpeg"], Path.GetFileNameWithoutExtension(file) + ".jpg"),
                ImageBytes.Encode(ImageFile.Read(file).Pixels, 32, 32, SKEncodedImageFormat.Jpeg, 95));

        var results = new[]
        {
            Pynet("evaluate", "lenet5", "--weights", "real/model.safetensors", "--data-dir", data, "--logits", "e.npy"),
            Pynet("predict", "real/model.safetensors", "thousand", "--logits", "p.npy"),
            Pynet("predict", "real/model.safetensors", "jpeg", "--logits", "j.npy"),
        };
        Assert.That(results.Select(r => r.ExitCode), Is.All.Zero, string.Concat(results.Select(r => r.Error)));
        var (evaluated, png, jpeg) = (Logits("e.npy", 10), Logits("p.npy", 10), Logits("j.npy", 10));
        Assert.That(png, Is.EqualTo(evaluated[..1000]));
        var agree = png.Zip(jpeg).Count(pair => Label(pair.First) == Label(pair.Second));
        Assert.That(agree, Is.GreaterThan(950));
        TestContext.Out.WriteLine($"{agree} of 1000 JPEG files have the class of the original");

        static int Label(float[] row) => Array.IndexOf(row, row.Max());
    }

    private ChildProcess.Result Pynet(params string[] arguments) => PynetProcess.Run(folder.Name, arguments);

    /// <summary>The rows of a NumPy file, whose header has 128 bytes.</summary>
    /// <summary>Row by row, the channels of a pixel together.</summary>
    private static IEnumerable<byte> PixelsOf(string file)
    {
        var (planes, shape) = ImageFile.Read(file);
        var (channels, pixels) = (shape[0], shape[1] * shape[2]);
        for (var i = 0; i < pixels; i++)
            for (var c = 0; c < channels; c++)
                yield return planes[c * pixels + i];
    }

    private float[][] Logits(string file, int columns) =>
    [
        .. File.ReadAllBytes(folder[file])[128..].Chunk(4 * columns)
            .Select(row => row.Chunk(4).Select(x => BinaryPrimitives.ReadSingleLittleEndian(x)).ToArray()),
    ];

    private static void WritePngs(Dataset data, string to, bool byClass)
    {
        var item = new float[data.ItemShape.Size];
        for (var i = 0; i < data.Count; i++)
        {
            data.Read(i, item);
            var place = byClass ? Path.Combine(to, data.ClassNames[data.Labels[i]]) : to;
            Directory.CreateDirectory(place);
            File.WriteAllBytes(
                Path.Combine(place, string.Create(CultureInfo.InvariantCulture, $"{i:D5}.png")),
                ImageBytes.PngOf([.. item.Select(x => (byte)MathF.Round(255 * x))], data.ItemShape[1]));
        }
    }
}

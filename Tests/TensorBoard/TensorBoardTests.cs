using System.Buffers.Binary;
using NUnit.Framework;
using Tensorboard;

namespace PyNetSharp.Tests;

/// <summary>
/// <c>--tensorboard</c>: the file is read by classes that the protocol compiler generates from TensorBoard's own
/// definitions, and by a reader of the framing that shares no code with the writer.
/// </summary>
[Parallelizable, Category("Processes")]
public sealed class TensorBoardTests
{
    private const string FileName = "events.out.tfevents.pynet";

    private readonly TemporaryFolder folder = new();
    private string[] call = [];

    [OneTimeSetUp]
    public void WriteData()
    {
        SmallCifar.Write(folder["cifar10"]);
        call =
        [
            "train", "lenet5", "--data", "cifar10", "--data-dir", folder.Name, "--width", "0.5", "--batch-size", "20",
            "--epochs", "3", "--test-every", "2", "--tensorboard", "--threads", "1", "--checkpoint-every", "1",
        ];
    }

    [OneTimeTearDown]
    public void RemoveData() => folder.Dispose();

    [Test]
    public void The_file_has_the_graph_and_every_epoch()
    {
        Good([.. call, "--out", "run"]);
        var events = Read("run");
        Assert.That(events[0].FileVersion, Is.EqualTo("brain.Event:2"));
        Assert.That(events.Select(e => e.WallTime), Is.All.GreaterThan(1.7e9));

        var graph = GraphDef.Parser.ParseFrom(events[1].GraphDef);
        Assert.That(
            graph.Node.Where(node => node.Op != "Variable").Select(node => node.Name).Take(4),
            Is.EqualTo(new[] { "input", "conv1", "relu1", "pool1" }));
        var conv = graph.Node.Single(node => node.Name == "conv1");
        Assert.That(conv.Input, Is.EqualTo(new[] { "input", "conv1/weight", "conv1/bias" }));
        Assert.That(
            conv.Attr["_output_shapes"].List.Shape.Single().Dim.Select(dim => dim.Size),
            Is.EqualTo(new long[] { -1, 3, 28, 28 }));

        var metrics = MetricsFile.Read(folder["run/metrics.jsonl"]);
        var epochs = events.Skip(2).ToArray();
        Assert.That(epochs.Select(e => e.Step), Is.EqualTo(metrics.Select(epoch => epoch.Step)));
        foreach (var (read, epoch) in epochs.Zip(metrics))
        {
            Assert.That(Scalar(read, "loss/train"), Is.EqualTo((float)epoch.TrainLoss));
            Assert.That(Scalar(read, "accuracy/validation"), Is.EqualTo((float?)epoch.ValidationAccuracy));
            Assert.That(Scalar(read, "loss/test"), Is.EqualTo((float?)epoch.TestLoss));
            Assert.That(Scalar(read, "learning_rate"), Is.EqualTo((float)epoch.LearningRate));
        }
    }

    [Test]
    public void Filters_are_pictures_and_weights_and_gradients_histograms()
    {
        Good([.. call, "--out", "values"]);
        var last = Read("values")[^1];
        var picture = last.Summary.Value.Single(value => value.Tag == "filters/conv1").Image;
        File.WriteAllBytes(folder["filters.png"], picture.EncodedImageString.ToByteArray());
        var (pixels, shape) = ImageFile.Read(folder["filters.png"], 3);
        Assert.That(shape, Is.EqualTo(Shape.Create([3, picture.Height, picture.Width])));
        Assert.That((picture.Width, picture.Height, picture.Colorspace), Is.EqualTo((11, 11, 3)), "3 filters of 5×5");
        Assert.That((pixels.Min(), pixels.Max()), Is.EqualTo((0, 255)), "stretched");

        using var weights = Safetensors.Open(folder["values/model.safetensors"]);
        foreach (var tensor in weights.Tensors)
        {
            var values = weights.Read(tensor.Name).ToArray();
            var histogram = last.Summary.Value.Single(v => v.Tag == $"weights/{tensor.Name.Replace('.', '/')}").Histo;
            Assert.That((double[])[histogram.Num, histogram.Bucket.Sum()], Is.All.EqualTo(values.Length));
            Assert.That((histogram.Min, histogram.Max), Is.EqualTo(((double)values.Min(), (double)values.Max())));
            Assert.That(histogram.Sum, Is.EqualTo(values.Sum(value => (double)value)).Within(1e-9));
            Assert.That(histogram.BucketLimit, Is.Ordered);
            var gradients = last.Summary.Value.Single(v => v.Tag == $"gradients/{tensor.Name.Replace('.', '/')}");
            Assert.That(gradients.Histo.SumSquares, Is.Positive);
        }
    }

    [Test]
    public void A_run_that_resumes_has_each_step_once()
    {
        Good([.. call, "--out", "whole"]);
        Good([.. call, "--max-steps", "7", "--out", "parts"]);
        File.AppendAllText(folder[$"parts/{FileName}"], "half a record");
        Good("train", "--resume", "parts", "--max-steps", "1000");
        Assert.That(Read("parts").Select(WithoutTime), Is.EqualTo(Read("whole").Select(WithoutTime)));
    }

    [Test]
    public void What_cannot_be_written_is_said_once_and_training_goes_on()
    {
        Directory.CreateDirectory(folder[$"blocked/{FileName}"]);
        var output = Good([.. call, "--out", "blocked"]);
        Assert.That(output.Split("warning: "), Has.Length.EqualTo(2), output);
        Assert.That(output, Does.Contain($"{FileName}' cannot be written").And.Contain("Training goes on"));
        Assert.That(MetricsFile.Read(folder["blocked/metrics.jsonl"]), Has.Count.EqualTo(3));
    }

    [Test]
    public void A_histogram_leaves_out_what_is_not_finite()
    {
        var histogram = ValueHistogram.Of([1, float.NaN, 3, float.PositiveInfinity, 2])!;
        Assert.That((histogram.Min, histogram.Max, histogram.Count, histogram.Sum), Is.EqualTo((1.0, 3.0, 3.0, 6.0)));
        Assert.That(histogram.Counts.Sum(), Is.EqualTo(3));
        Assert.That(ValueHistogram.Of([float.NaN]), Is.Null);
        Assert.That(ValueHistogram.Of([2, 2])!.Counts, Is.EqualTo(new[] { 2.0 }));
    }

    /// <summary>The published check value of CRC-32C: of "123456789" it is E3069283.</summary>
    [Test]
    public void The_reader_s_checksum_is_right() =>
        Assert.That(Crc("123456789"u8.ToArray()), Is.EqualTo(0xE3069283));

    private static float? Scalar(Event read, string tag) =>
        read.Summary.Value.SingleOrDefault(value => value.Tag == tag)?.SimpleValue;

    private static Event WithoutTime(Event read)
    {
        var copy = read.Clone();
        copy.WallTime = 0;
        foreach (var value in copy.Summary?.Value ?? [])
            if (value.Tag == "images_per_second")
                value.SimpleValue = 0;
        return copy;
    }

    private List<Event> Read(string run)
    {
        var bytes = File.ReadAllBytes(folder[$"{run}/{FileName}"]);
        var events = new List<Event>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
            CheckCrc(bytes[at..(at + 8)], at + 8);
            var data = bytes[(at + 12)..(at + 12 + length)];
            CheckCrc(data, at + 12 + length);
            events.Add(Event.Parser.ParseFrom(data));
            at += 16 + length;
        }

        return events;

        void CheckCrc(byte[] data, int at)
        {
            var crc = Crc(data);
            var masked = (crc >> 15 | crc << 17) + 0xA282EAD8;
            Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at)), Is.EqualTo(masked), $"at {at}");
        }
    }

    /// <summary>Bit by bit, as the polynomial says.</summary>
    private static uint Crc(byte[] data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82F63B78 : crc >> 1;
        }

        return ~crc;
    }

    private string Good(params string[] line)
    {
        var result = PynetProcess.Run(folder.Name, line);
        Assert.That(result.ExitCode, Is.Zero, result.Error + result.Output);
        return result.Output;
    }
}

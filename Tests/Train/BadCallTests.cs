using System.Text;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Faulty calls and files: one error line, exit code 2, nothing written.</summary>
[Parallelizable, Category("Processes")]
public sealed class BadCallTests
{
    private readonly TemporaryFolder folder = new();

    [OneTimeSetUp]
    public void WriteFiles()
    {
        SmallCifar.Write(folder["good/cifar10"]);
        SpoilCifar("cut", bytes => bytes[..^100]);
        SpoilCifar("long", bytes => [.. bytes, 1]);
        SpoilCifar("labelled", bytes => { bytes[3 * 3073] = 10; return bytes; });
        Directory.CreateDirectory(folder["empty/cifar10"]);
        WriteIdx("magic", magic: 0x804, count: 4);
        WriteIdx("short", magic: 0x803, count: 5);
        File.WriteAllText(folder["file"], "");
        File.CreateSymbolicLink(folder["dangling"], "nowhere");
        Directory.CreateDirectory(folder["used"]);
        File.WriteAllText(folder["used/config.json"], "{}");
        WriteWeights();
    }

    [OneTimeTearDown]
    public void RemoveFiles() => folder.Dispose();

    // 'good' is the folder of good data.
    private static readonly (string Line, string[] Said)[] Calls =
    [
        ("trian", ["unknown command 'trian'", "did you mean 'train'"]),
        ("train nim", ["unknown model 'nim'", "did you mean 'nin'"]),
        ("evaluate nim --weights x", ["unknown model 'nim'", "did you mean 'nin'"]),
        ("models alexnett", ["unknown model 'alexnett'", "did you mean 'alexnet'"]),
        ("train --data cifar11", ["unknown data set 'cifar11'", "did you mean 'cifar10'"]),
        ("train --epoch 3", ["unknown option '--epoch'", "did you mean '--epochs'"]),
        ("train nin --ephocs 3", ["unknown option '--ephocs'", "did you mean '--epochs'"]),
        ("--batchsize 3", ["unknown option '--batchsize'", "did you mean '--batch-size'"]),
        ("train nin extra", ["extra"]),
        ("train --epochs", ["--epochs"]),
        ("train --epochs 3 --epochs 4", ["--epochs"]),

        (
            "train fcnet --data xor --limit 129 --validation 0 --out alone",
            ["one item alone", "choose another batch size"]),
        ("train --batch-size 0", ["--batch-size '0'", "from 1 to 65536"]),
        ("train --batch-size many", ["--batch-size 'many'", "a whole number"]),
        ("train --epochs 0", ["--epochs '0'", "from 1"]),
        ("train --epochs -1", ["--epochs '-1'", "from 1"]),
        ("train --max-steps 0", ["--max-steps '0'", "from 1 up"]),
        ("train nin --data-dir file", ["'file' is a file; expected a folder", "--data-dir", "PYNET_DATA"]),
        ("train nin --data-dir file --download", ["'file' is a file; expected a folder"]),
        ("evaluate nin --weights two-layer.safetensors --data-dir file", ["'file' is a file; expected a folder"]),
        ("train nin --data-dir dangling", ["'dangling' is a link to '", "nowhere', which does not exist"]),
        ("train --lr 0", ["--lr '0'", "above 0"]),
        ("train --lr nan", ["--lr 'nan'", "above 0"]),
        ("train --lr 0,1", ["--lr '0,1'", "a number"]),
        ("train --momentum 1", ["--momentum '1'", "not including, 1"]),
        ("train nin --data shapes --momentum 0 --nesterov true", ["--nesterov", "--momentum"]),
        ("train --optimizer adam --momentum 0.5", ["--momentum", "adam"]),
        ("train --optimizer adamw --momentum 0.5", ["--momentum", "sgd and rmsprop", "adamw"]),
        ("train --optimizer rmsprop --nesterov true", ["--nesterov", "belongs to sgd", "rmsprop"]),
        ("train --optimizer adma", ["--optimizer 'adma'", "sgd, adam, adamw, rmsprop"]),
        ("train --nesterov perhaps", ["--nesterov 'perhaps'", "true, false"]),
        ("train --weight-decay -1", ["--weight-decay '-1'", "from 0 to 1"]),
        ("train --dropout 1", ["--dropout '1'", "from 0 up to"]),
        ("train lenet5 --dropout 0.5", ["--dropout 0.5", "lenet5"]),
        ("train --width 0", ["--width '0'", "above 0"]),
        ("train --limit 0", ["--limit '0'", "from 1 up"]),
        ("train --resize 0", ["--resize '0'", "from 1 to 1024"]),
        ("train --evaluate-every 0", ["--evaluate-every '0'"]),
        ("train --log-every -1", ["--log-every '-1'", "from 0 up"]),
        ("train --save-every never", ["--save-every 'never'", "from 0 up"]),
        ("train --seed -1", ["--seed '-1'", "from 0 up"]),
        ("train --threads 0", ["--threads '0'", "from 1 to 1024"]),
        ("train --shuffle no", ["--shuffle 'no'", "true, false"]),
        ("train --schedule stairs", ["schedule 'stairs'", "none", "step:SIZE:GAMMA", "cosine[:WARMUP]"]),
        ("train --schedule step:0:0.1", ["step:0:0.1"]),
        ("train --schedule warmup:2", ["schedule 'warmup:2'", "exponential:GAMMA", "onecycle[:RISE%]", "plateau"]),
        ("train --schedule cosine:x", ["cosine:x"]),
        ("train --init orthogonal", ["--init 'orthogonal'", "default, xavier, kaiming"]),
        ("train --device gpu", ["device 'gpu' is unknown", "auto, cpu, cuda, opencl"]),
        ("train --device cuda:99", ["device 'cuda:99'"]),
        ("train --device cuda:-1", ["device 'cuda:-1' is unknown", "cuda:1"]),
        ("train --device opencl:0,cpu", ["device 'opencl:0,cpu' is unknown"]),
        ("train --device auto:1", ["device 'auto:1' is unknown"]),
        ("train --device cuda --threads 2", ["--threads 2", "cuda"]),
        ("train --precision tf32", ["cpu multiplies in float32 only", "tf32"]),
        ("evaluate two-layer --data xor --weights two-layer.safetensors --device opencl:99", ["device 'opencl:99'"]),

        ("train nin --data cifar10", ["cifar10", "no data folder", "--data-dir", "--download"]),
        ("train nin --data cifar10 --data-dir nowhere", ["'nowhere' does not exist", "--download"]),
        ("train nin --data cifar10 --data-dir empty", ["No cifar10 in 'empty'", "data_batch_1.bin", "--download"]),
        ("train nin --data cifar10 --data-dir cut", ["data_batch_2.bin", "3073"]),
        ("train nin --data cifar10 --data-dir long", ["data_batch_2.bin", "3073"]),
        ("train nin --data cifar10 --data-dir labelled", ["data_batch_2.bin", "10"]),
        ("train lenet5 --data mnist --data-dir magic", ["train-images-idx3-ubyte"]),
        ("train lenet5 --data mnist --data-dir short", ["train-images-idx3-ubyte"]),
        ("train nin --data cifar10 --data-dir good --resize 8", ["nin", "3, 8, 8"]),
        ("train nin-d2l --data cifar10 --data-dir good --resize 20", ["nin-d2l"]),
        ("models nin --size 4", ["nin", "4, 4"]),
        ("models nin --batch-size 4", ["--batch-size needs --plan"]),
        ("models --plan", ["--plan needs a MODEL", "pynet models nin --plan"]),
        ("train fcnet --data xor --augment", ["xor", "no images"]),
        ("train fcnet --data xor --augment flip,mixup", ["xor", "augmented by flip", "no images"]),
        ("train --augment flip,flop", ["augment 'flip,flop'", "rotate[=DEGREES]"]),
        ("train --augment crop=40", ["crop=40", "32×32", "less than 32"]),
        ("train --label-smoothing 1", ["--label-smoothing '1'", "not including, 1"]),
        ("train --gradient-clip 0", ["--gradient-clip '0'", "above 0"]),
        ("train --ema 1", ["--ema '1'", "below 1"]),
        ("train --patience 0", ["--patience '0'", "from 1 up"]),
        ("train --patience 3 --validation 0", ["--patience 3", "--validation is 0"]),
        ("train fcnet --data xor --resize 8", ["--resize", "xor"]),
        ("train nin --data xor", ["nin", "3, 32, 32"]),

        ("train fcnet --data xor --out used", ["'used' already holds a run"]),
        ("train fcnet --data xor --out file", ["'file'", "is a file"]),
        ("train fcnet --data xor --out file/below", ["file"]),
        ("train fcnet --data xor --weights nowhere", ["nowhere"]),
        ("train fcnet --data xor --new-head", ["--new-head needs --weights"]),
        ("train fcnet --data xor --new-head --weights two-layer.safetensors",
            ["not fit", "missing keys: 'bn1.weight'"]),
        ("train two-layer --data xor --weights lenet5.safetensors",
            ["'lenet5.safetensors'", "weights of 'lenet5', not of two-layer", "--new-head"]),
        ("train two-layer --data xor --weights mnist.safetensors",
            ["'mnist.safetensors'", "trained on 'mnist', not on xor", "--new-head"]),
        ("train fcnet --data xor --freeze relu1,fc11",
            ["--freeze: unknown module 'fc11'; did you mean 'fc1'?", "are flatten, fc1, bn1,", "fc4, features."]),
        ("train alexnet --data shapes --freeze featurs",
            ["unknown module 'featurs'; did you mean 'features'?", "The modules are features, features.0,"]),
        ("train fcnet --data xor --freeze fc1,,fc2", ["--freeze 'fc1,,fc2'", "paths of modules"]),
        ("train two-layer --data xor --freeze features,fc2", ["--freeze features,fc2", "nothing is left to train"]),
        ("train three-layer --data xor --weights two-layer.safetensors", ["not fit", "missing keys: 'fc3.weight'"]),
        ("train two-layer --data xor --weights three-layer.safetensors", ["not fit", "unexpected keys: 'fc3.weight'"]),
        ("evaluate two-layer --data xor --weights cut.safetensors", ["cut.safetensors"]),
        ("evaluate two-layer --data xor --weights overlap.safetensors", ["overlap.safetensors"]),
        ("evaluate two-layer --data xor --weights outside.safetensors", ["outside.safetensors"]),
        ("evaluate two-layer --data xor --weights huge.safetensors", ["huge.safetensors"]),
        ("evaluate two-layer --data xor --weights two-layer.safetensors --width 0.5", ["size mismatch"]),
        ("evaluate two-layer --data shapes --weights two-layer.safetensors --resize 8", ["size mismatch"]),
        ("evaluate two-layer --data xor", ["--weights"]),
        ("evaluate", ["evaluate"]),
        ("evaluate two-layer --data xor --weights two-layer.safetensors --split dev", ["--split 'dev'", "test, train"]),
        ("evaluate two-layer --data xor --weights two-layer.safetensors --logits no/x.npy", ["--logits", "not exist"]),
    ];

    private static IEnumerable<TestCaseData> Cases() =>
        Calls.Select(call => new TestCaseData(call.Line, call.Said).SetArgDisplayNames(call.Line));

    [TestCaseSource(nameof(Cases))]
    public void One_line_says_what_is_wrong(string line, string[] said)
    {
        var before = Listing();
        string[] arguments = line.Split(' ');
        var trains = arguments[0] is "train" or "--batchsize";
        if (trains && !arguments.Contains("--out")) arguments = [.. arguments, "--out", "new"];

        var result = PynetProcess.Run(folder.Name, arguments);

        Assert.That(result.ExitCode, Is.EqualTo(2), result.Error);
        Assert.That(result.Error.TrimEnd('\n', '\r'), Does.StartWith("pynet: ").And.Not.Contain("\n"));
        foreach (var text in said) Assert.That(result.Error, Does.Contain(text));
        Assert.That(result.Error, Does.Not.Contain("   at ").And.Not.Contain("Exception"));
        Assert.That(Listing(), Is.EquivalentTo(before));
    }

    [Test]
    public void A_diverging_run_stops_with_its_last_good_weights()
    {
        // Each step multiplies the weights by −99.
        var result = PynetProcess.Run(
            folder.Name, "train", "two-layer", "--data", "xor", "--lr", "100", "--weight-decay", "1", "--epochs", "500",
            "--quiet", "--out", "diverged");

        Assert.That(result.ExitCode, Is.EqualTo(2), result.Output);
        Assert.That(result.Error, Does.Match(@"^pynet: The loss was \S+ at step \d+ with the learning rate 100"));
        using var weights = Safetensors.Open(folder["diverged/model.safetensors"]);
        var values = weights.Tensors.SelectMany(tensor => weights.Read(tensor.Name).ToArray());
        Assert.That(values, Is.All.Matches<float>(float.IsFinite));
        Assert.That(MetricsFile.Read(folder["diverged/metrics.jsonl"])[^1].TrainLoss, Is.NaN);
    }

    [Test]
    public void A_dead_network_is_reported()
    {
        // The weights are zero, so that no score ever depends on the input.
        var model = NetworkCatalog.Find("two-layer").Create(new([2], 2), new Rng(0));
        foreach (var parameter in model.Parameters()) parameter.CopyFrom(new float[parameter.Shape.Size]);
        model.Save(folder["zero.safetensors"]);
        var result = PynetProcess.Run(
            folder.Name, "train", "two-layer", "--data", "xor", "--weights", "zero.safetensors", "--epochs", "500",
            "--quiet", "--out", "dead");

        Assert.That(result.ExitCode, Is.EqualTo(2), result.Output);
        Assert.That(result.Error, Does.StartWith("pynet: The network has died: at step 10 "));
        Assert.That(result.Error, Does.Contain("learning rate").And.Contain("--init"));
    }

    private string[] Listing() => Directory.GetFileSystemEntries(folder.Name, "*", SearchOption.AllDirectories);

    private void SpoilCifar(string name, Func<byte[], byte[]> spoil)
    {
        SmallCifar.Write(folder[$"{name}/cifar10"]);
        var path = folder[$"{name}/cifar10/data_batch_2.bin"];
        File.WriteAllBytes(path, spoil(File.ReadAllBytes(path)));
    }

    /// <summary>Four images of 8×8 with a header that disagrees.</summary>
    private void WriteIdx(string name, int magic, int count)
    {
        var mnist = Directory.CreateDirectory(folder[$"{name}/mnist"]).FullName;
        foreach (var part in (string[])["train", "t10k"])
        {
            byte[] images = [.. Ints(magic, count, 8, 8), .. new byte[4 * 64]];
            byte[] labels = [.. Ints(0x801, 4), 0, 1, 2, 3];
            File.WriteAllBytes(Path.Combine(mnist, $"{part}-images-idx3-ubyte"), images);
            File.WriteAllBytes(Path.Combine(mnist, $"{part}-labels-idx1-ubyte"), labels);
        }

        static IEnumerable<byte> Ints(params int[] values) =>
            values.SelectMany(v => (byte[])[(byte)(v >> 24), (byte)(v >> 16), (byte)(v >> 8), (byte)v]);
    }

    private void WriteWeights()
    {
        var good = folder["two-layer.safetensors"];
        NetworkCatalog.Find("two-layer").Create(new([2], 2), new Rng(0)).Save(good);
        NetworkCatalog.Find("three-layer").Create(new([2], 2), new Rng(0)).Save(folder["three-layer.safetensors"]);
        foreach (var (model, data) in (Span<(string, string)>)[("lenet5", "xor"), ("two-layer", "mnist")])
        {
            var name = model == "lenet5" ? model : data;
            NetworkCatalog.Find("two-layer").Create(new([2], 2), new Rng(0))
                .Save(folder[$"{name}.safetensors"], new WeightMetadata { Model = model, Data = data }.ToMetadata());
        }

        var bytes = File.ReadAllBytes(good);
        File.WriteAllBytes(folder["cut.safetensors"], bytes[..^4]);
        File.WriteAllBytes(folder["huge.safetensors"], [255, 255, 255, 255, 255, 255, 255, 127, .. bytes[8..]]);
        WritePairs("overlap.safetensors", (0, 8), (4, 12));
        WritePairs("outside.safetensors", (0, 8), (8, 16));

        // Tensors of two numbers each, over 12 bytes of data.
        void WritePairs(string name, params (int From, int To)[] places)
        {
            var tensors = places.Select((p, i) => $$"""
                "t{{i}}":{"dtype":"F32","shape":[2],"data_offsets":[{{p.From}},{{p.To}}]}
                """);
            var header = Encoding.ASCII.GetBytes($"{{{string.Join(',', tensors)}}}");
            byte[] file = [.. BitConverter.GetBytes((long)header.Length), .. header, .. new byte[12]];
            File.WriteAllBytes(folder[name], file);
        }
    }
}

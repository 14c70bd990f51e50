using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace PyNetSharp.Tests;

/// <summary>A format that the program reads: valid files, and its reader.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Seeds">Valid contents of the file, which are damaged.</param>
/// <param name="File">The file's path within the folder.</param>
/// <param name="Read">Reads the damaged file in a folder, and all that follows from it.</param>
internal sealed record HostileFormat(string Name, byte[][] Seeds, string File, Action<string> Read)
{
    /// <summary>Writes the other files that the reader needs.</summary>
    public Action<string> Prepare { get; init; } = _ => { };

    /// <summary>
    /// Makes the file of a damaged content: compresses it, or repairs its checksums, so that the damage gets further.
    /// </summary>
    public Func<byte[], byte[]> Wrap { get; init; } = content => content;

    public override string ToString() => Name;

    public static HostileFormat[] All { get; } =
    [
        new("weights", [SafetensorsBytes.Sample(), Weights()], "a.safetensors", ReadWeights),
        new("checkpoint", [CheckpointBytes()], "a.safetensors", ReadCheckpoint),
        new("config", [ConfigBytes()], "config.json", ReadConfig),
        new("metrics", [MetricsBytes()], "metrics.jsonl", ReadMetrics),
        new("cifar", [DataFiles.Cifar(1, [1, 2])], "data_batch_1.bin", ReadCifar)
        {
            Prepare = folder => DataFiles.WriteCifar10(folder, records: 1),
        },
        new("cifar names", [CifarNames()], "batches.meta.txt", ReadCifar)
        {
            Prepare = folder => DataFiles.WriteCifar10(folder, records: 1),
        },
        new("pickle", [.. CifarPythonTests.Pickles.Values.Skip(1)], "data_batch_1", ReadPickles),
        new("table", [Encoding.UTF8.GetBytes("a,k\n1,x\n\"2\",\"y\"\n")], "a.csv",
            folder => ReadAll(CsvReader.Read(Path.Combine(folder, "a.csv"), new("k")))),
        new("idx", [DataFiles.Idx([5, 6, 7], new byte[210]), DataFiles.Idx([3], [1, 2, 3])], "idx", ReadIdx),
        new("gz", [DataFiles.Idx([5, 6, 7], new byte[210])], "idx", ReadIdx) { Wrap = DataFiles.Gzip },
        new("gz, compressed", [DataFiles.Gzip(DataFiles.Idx([5, 6, 7], new byte[210]))], "idx", ReadIdx),
        new("csv", [Iris()], "iris.data", folder => ReadAll(IrisReader.Read(Path.Combine(folder, "iris.data")))),
        new(
            "pgm", [DataFiles.PgmBinary(5, 4, new byte[20]), DataFiles.PgmText(5, 4, new byte[20])], "1.pgm",
            folder => PgmReader.Read(Path.Combine(folder, "1.pgm"))),
        new(
            "image", [ImageBytes.PngOf(new byte[3 * 36], 6), ImageBytes.RedCmykJpeg, ImageBytes.ProgressiveJpeg],
            "a.png",
            folder =>
            {
                ImageFile.Check(Path.Combine(folder, "a.png"));
                ImageFile.Read(Path.Combine(folder, "a.png"));
            }),
        new("tar", [Tar(TarEntryFormat.Pax), Tar(TarEntryFormat.Gnu), Tar(TarEntryFormat.V7)], "x.tar.gz", Extract)
        {
            Wrap = content => DataFiles.Gzip(RepairTar(content)),
        },
        new("tar.gz", [DataFiles.Gzip(Tar(TarEntryFormat.Pax))], "x.tar.gz", Extract),
        new("zip", [Zip()], "x.zip", folder => Archive.Extract(Path.Combine(folder, "x.zip"))),
    ];

    private static void ReadPickles(string folder)
    {
        foreach (var name in CifarPythonReader.Cifar10Files.Skip(1))
            System.IO.File.Copy(Path.Combine(folder, "data_batch_1"), Path.Combine(folder, name), overwrite: true);
        ReadAll(CifarReader.ReadCifar10(folder));
    }

    private static void Extract(string folder) => Archive.Extract(Path.Combine(folder, "x.tar.gz"));

    private static void ReadWeights(string folder)
    {
        var path = Path.Combine(folder, "a.safetensors");
        var network = NetworkCatalog.Find("two-layer");
        using (var file = Safetensors.Open(path))
            foreach (var tensor in file.Tensors.Where(t => SafetensorsDtypes.Contains(t.Dtype)))
                file.Read(tensor.Name);
        var width = WeightMetadata.Read(path).WidthMultiplier ?? 1;
        var options = new NetworkOptions([2], 2) { WidthMultiplier = width };
        network.CheckWeights(options, path);
        var report = network.Create(options, new Rng(0)).Load(path, strict: false);
        _ = report.ToString();
    }

    private static readonly string[] SafetensorsDtypes = ["F32", "F16", "BF16", "F64"];

    private static void ReadCheckpoint(string folder)
    {
        var (model, optimizer) = Trained();
        Checkpoint.Load(Path.Combine(folder, "a.safetensors"), model, optimizer);
    }

    private static void ReadConfig(string folder)
    {
        var path = Path.Combine(folder, "config.json");
        var config = RunConfigFile.Read(path);
        config.Check(path);
        config.ToSettings(Device.Cpu, new(folder));
    }

    private static void ReadMetrics(string folder)
    {
        var epochs = MetricsFile.Read(Path.Combine(folder, "metrics.jsonl"));
        _ = LearningCurves.Draw(epochs, "title").ToString();
    }

    private static void ReadCifar(string folder) => ReadAll(CifarReader.ReadCifar10(folder));

    private static void ReadIdx(string folder)
    {
        var path = Path.Combine(folder, "idx");
        try
        {
            IdxReader.ReadImages(path);
        }
        catch (InputException)
        {
            IdxReader.ReadLabels(path, 10);
        }
    }

    private static void ReadAll(TrainTestSplit data)
    {
        foreach (var part in (Dataset[])[data.Train, data.Test])
            for (var i = 0; i < part.Count; i++)
                DataFiles.ReadItem(part, i);
    }

    private static (Module, Optimizer) Trained()
    {
        var model = NetworkCatalog.Find("two-layer").Create(new([2], 2), new Rng(0));
        return (model, new Sgd(model.Parameters(), 0.1f, momentum: 0.9f));
    }

    private static byte[] Weights() => Bytes(
        path => NetworkCatalog.Find("two-layer").Create(new([2], 2), new Rng(0))
            .Save(path, new WeightMetadata
            {
                Model = "two-layer", Data = "xor", WidthMultiplier = 1, Item = [3, 4, 5], Resize = 32, Mean = 0.5f,
                Std = 0.25f, ClassNames = ["a", "b"], TestShare = 0.1, Seed = 7,
            }.ToMetadata()));

    private static byte[] CheckpointBytes() => Bytes(path =>
    {
        var (model, optimizer) = Trained();
        Checkpoint.Save(path, model, optimizer, step: 7);
    });

    private static byte[] ConfigBytes()
    {
        using var stream = new MemoryStream();
        RunConfigFile.Write(stream, SmallRunConfig.Of() with { Freeze = ["features1"] });
        return stream.ToArray();
    }

    private static byte[] MetricsBytes() => Bytes(path => MetricsFile.Write(
        path,
        [new(1, 10, 2.3, 0.1, 0.2, 1.5, 100, 0.1, 2.2), new(2, 20, double.NaN, null, null, 1.5, 100, 0.01)]));

    private static byte[] CifarNames() =>
        Encoding.UTF8.GetBytes(string.Join('\n', "abcdefghij".Select(c => $"name {c}")));

    private static byte[] Iris() => Encoding.UTF8.GetBytes(string.Concat(
        Enumerable.Range(0, 30).Select(i => string.Create(
            CultureInfo.InvariantCulture,
            $"5.{i % 10},3.5,1.4,0.2,{((string[])["Iris-setosa", "Iris-versicolor", "Iris-virginica"])[i % 3]}\n"))));

    private static byte[] Bytes(Action<string> write)
    {
        using var folder = new TemporaryFolder();
        write(folder["file"]);
        return System.IO.File.ReadAllBytes(folder["file"]);
    }

    private static byte[] Tar(TarEntryFormat format)
    {
        using var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, format, leaveOpen: true))
        {
            TarEntry[] entries = format switch
            {
                TarEntryFormat.V7 => [new V7TarEntry(TarEntryType.V7RegularFile, "top/a")],
                TarEntryFormat.Gnu =>
                [
                    new GnuTarEntry(TarEntryType.RegularFile, $"top/{new string('n', 150)}"),
                    new GnuTarEntry(TarEntryType.RegularFile, "top/b"),
                ],
                _ =>
                [
                    new PaxTarEntry(TarEntryType.Directory, "top"),
                    new PaxTarEntry(TarEntryType.RegularFile, "top/a"),
                    new PaxTarEntry(TarEntryType.RegularFile, $"top/{new string('n', 150)}"),
                ],
            };
            foreach (var entry in entries)
            {
                if (entry.EntryType != TarEntryType.Directory) entry.DataStream = new MemoryStream(new byte[700]);
                tar.WriteEntry(entry);
            }
        }

        return stream.ToArray();
    }

    /// <summary>Corrects the checksum of every block that could be a header.</summary>
    private static byte[] RepairTar(byte[] tar)
    {
        byte[] repaired = [.. tar];
        for (var at = 0; at + 512 <= repaired.Length; at += 512)
        {
            var block = repaired.AsSpan(at, 512);
            if (block.IndexOfAnyExcept((byte)0) < 0) continue;
            block.Slice(148, 8).Fill((byte)' ');
            var sum = 0;
            foreach (var b in block) sum += b;
            Encoding.ASCII.GetBytes($"{Convert.ToString(sum, 8).PadLeft(6, '0')}\0 ").CopyTo(block[148..]);
        }

        return repaired;
    }

    private static byte[] Zip()
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var name in (string[])["s1/1.pgm", "s1/2.pgm", "README"])
            {
                using var content = zip.CreateEntry(name).Open();
                content.Write(new byte[300]);
            }

        return stream.ToArray();
    }
}

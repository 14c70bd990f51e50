using System.Text;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>CIFAR's python version, in the pickles of several pythons; Golden/pickles.py made them.</summary>
public sealed class CifarPythonTests
{
    private static readonly string[] Names = [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}"), "test_batch"];

    /// <summary>The lines of pickles.txt.</summary>
    internal static Dictionary<string, byte[]> Pickles { get; } = File
        .ReadLines(Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "pickles.txt"))
        .Select(line => line.Split(' '))
        .ToDictionary(line => line[0], line => Convert.FromBase64String(line[1]));

    [Test]
    public void Every_protocol_gives_the_images_of_the_binary_version(
        [Values("protocol0", "protocol1", "protocol2", "protocol3", "protocol4", "python2")] string pickle)
    {
        using var folder = new TemporaryFolder();
        Write(folder["cifar10/cifar-10-batches-py"], Pickles[pickle]);
        var pixels = Pickles["pixels"];
        var binary = folder["binary/cifar10"];
        Directory.CreateDirectory(binary);
        byte[] records = [7, .. pixels[..3072], 3, .. pixels[3072..]];
        foreach (var name in Names) File.WriteAllBytes(Path.Combine(binary, $"{name}.bin"), records);

        var (train, test) = DataCatalog.Load("cifar10", folder.Name);
        var (expected, expectedTest) = DataCatalog.Load("cifar10", folder["binary"]);
        foreach (var (ours, theirs) in ((Dataset, Dataset)[])[(train, expected), (test, expectedTest)])
        {
            Assert.That(ours.Name, Is.EqualTo(theirs.Name));
            Assert.That(ours.ClassNames, Is.EqualTo(theirs.ClassNames));
            Assert.That(DataFiles.Labels(ours), Is.EqualTo(DataFiles.Labels(theirs)));
            for (var i = 0; i < theirs.Count; i++)
                Assert.That(DataFiles.ReadItem(ours, i), Is.EqualTo(DataFiles.ReadItem(theirs, i)));
        }

        Assert.That(DataFiles.Labels(test), Is.EqualTo(new[] { 7, 3 }));
    }

    [Test]
    public void Class_names_come_from_the_folder()
    {
        using var folder = new TemporaryFolder();
        Write(folder["py"], Pickles["protocol2"]);
        File.WriteAllBytes(folder["py/batches.meta"], Pickles["meta"]);
        Assert.That(CifarReader.ReadCifar10(folder["py"]).Train.ClassNames[3], Is.EqualTo("class 3"));
        File.WriteAllText(folder["py/batches.meta"], "(dS'label_names'\n(lS'a'\nas.");
        AssertFault(() => CifarReader.ReadCifar10(folder["py"]), "batches.meta", "no list of 10 class names");
        var names = string.Concat(Enumerable.Repeat("S'\\x1b'\na", 10));
        File.WriteAllText(folder["py/batches.meta"], $"(dS'label_names'\n(l{names}s.");
        AssertFault(() => CifarReader.ReadCifar10(folder["py"]), "'\\u001B'; expected the name of a class");
    }

    [Test]
    public void Both_kinds_of_labels_of_CIFAR_100_are_read([Values] bool coarse)
    {
        using var folder = new TemporaryFolder();
        var content = Encoding.Latin1.GetString(Pickles["python2"])
            .Replace("U\u0006labels", "U\u000bfine_labels", StringComparison.Ordinal)
            .Replace("u.", "U\u000dcoarse_labels]q\u0010(K\u0002K\u0011eu.", StringComparison.Ordinal);
        foreach (var name in (string[])["train", "test"])
            File.WriteAllBytes(folder[name], Encoding.Latin1.GetBytes(content));
        var (train, _) = CifarReader.ReadCifar100(folder.Name, coarse);
        Assert.That(DataFiles.Labels(train), Is.EqualTo(coarse ? new[] { 2, 17 } : [7, 3]));
        Assert.That(train.ClassNames, Has.Count.EqualTo(coarse ? 20 : 100));
    }

    [TestCase("cos\nsystem\n(S'touch hacked'\ntR.", "a call of 'os.system', which is not part of data")]
    [TestCase("c__builtin__\neval\n(V1+1\ntR.", "a call of '__builtin__.eval'")]
    [TestCase("cnumpy.core.multiarray\n_reconstruct\n(cos\nsystem\ntR.", "_reconstruct', which is not part")]
    [TestCase("(ios\nsystem\n.", "opcode 0x69")]
    [TestCase("", "the file ends")]
    [TestCase("(d", "the file ends")]
    [TestCase("(dS'a", "the file ends within a line")]
    [TestCase("(dS'a\n.", "text ''a' without quotes")]
    [TestCase("(dS'\\x4'\n.", "an escape without its digits")]
    [TestCase("(dV\\u12\ns.", "an escape without its digits")]
    [TestCase("(dV\\U00110000\ns.", "character 1114112")]
    [TestCase("(lI3\na.", "it holds no dictionary")]
    [TestCase("I3x\n.", "number '3x'")]
    [TestCase("s.", "an operand of another kind, or none, was expected")]
    [TestCase("I1\nI2\ns.", "an operand of another kind")]
    [TestCase("t.", "an operand of another kind, or none")]
    [TestCase("NI1\na.", "an operand of another kind, or none")]
    [TestCase("NI1\nI2\ns.", "an operand of another kind, or none")]
    [TestCase("NNR.", "an operand of another kind, or none")]
    [TestCase("N)R.", "an operand of another kind, or none")]
    [TestCase("N)b.", "an operand of another kind, or none")]
    [TestCase("NN\u0093.", "an operand of another kind, or none")]
    [TestCase("(dI1\nI2\ns.", "a key that is no text")]
    [TestCase("g5\n.", "no value 5")]
    [TestCase("(d(I1\nu.", "a key without a value")]
    [TestCase("X\u00ff\u00ff\u00ff\u007f", "the file ends")]
    [TestCase("X\u00ff\u00ff\u00ff\u00ff", "a negative length")]
    [TestCase("\u0080\u0005.", "protocol 5; expected 0 to 4")]
    [TestCase("\u008a\u0009123456789.", "a number of 9 bytes")]
    [TestCase("c_codecs\nencode\n(V\\u0100\nS'latin1'\ntR.", "bytes with a character beyond 255")]
    public void What_is_no_data_is_named_and_never_executed(string pickle, string expected)
    {
        using var folder = new TemporaryFolder();
        Write(folder["py"], Pickles["protocol2"]);
        File.WriteAllBytes(folder["py/data_batch_2"], Encoding.Latin1.GetBytes(pickle));
        AssertFault(() => CifarReader.ReadCifar10(folder["py"]), "data_batch_2' is no pickle of CIFAR's", expected);
    }

    [TestCase("K\u0002M\u0000\u000c\u0086", "K\u0002M\u0001\u000c\u0086", "6144 bytes for an array of shape (2, 3073)")]
    [TestCase("K\u0002M\u0000\u000c\u0086", "J\u00ff\u00ff\u00ff\u007fM\u0000\u000c\u0086", "an extent that is none")]
    [TestCase("K\u0002M\u0000\u000c\u0086", "M\u0000\u000cK\u0002\u0086", "shape (3072, 2); expected (images, 3072)")]
    [TestCase("u1", "f4", "an array of type 'f4'; expected bytes (u1)")]
    [TestCase("K\u0007K\u0003e", "K\u0007K\u000ae", "entry 1 of 'labels' is '10'; expected 0…9")]
    [TestCase("K\u0007K\u0003e", "K\u0007Ne", "entry 1 of 'labels' is ''; expected 0…9")]
    [TestCase("K\u0007K\u0003e", "K\u0007e", "2 images and 1 in 'labels'")]
    [TestCase("labels", "lobels", "has no list 'labels'")]
    [TestCase("U\u0004data", "U\u0004date", "has no array 'data' of images")]
    [TestCase("\u0089T", "\u0088T", "column-major")]
    public void Arrays_that_are_no_images_are_named(string old, string damaged, string expected)
    {
        using var folder = new TemporaryFolder();
        var text = Encoding.Latin1.GetString(Pickles["python2"]);
        var at = text.IndexOf(old, StringComparison.Ordinal);
        Assert.That(at, Is.Positive);
        Write(folder["py"], Encoding.Latin1.GetBytes(text[..at] + damaged + text[(at + old.Length)..]));
        AssertFault(() => CifarReader.ReadCifar10(folder["py"]), "data_batch_1'", expected);
    }

    [Test]
    public void The_number_of_opcodes_is_limited()
    {
        var many = new byte[(1 << 20) + 10];
        Array.Fill(many, (byte)'N');
        Assert.That(
            () => PickleReader.Read(many), Throws.TypeOf<FormatException>().With.Message.Contains("more than 1048576"));
    }

    private static void Write(string folder, byte[] content)
    {
        Directory.CreateDirectory(folder);
        foreach (var name in Names) File.WriteAllBytes(Path.Combine(folder, name), content);
    }

    private static void AssertFault(Func<object> read, params string[] said)
    {
        var fault = Assert.Throws<InputException>(() => read())!;
        foreach (var part in said) Assert.That(fault.Message, Does.Contain(part));
        Assert.That(fault.Message, Does.Not.Contain("\n"));
    }
}

using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary><c>pynet gradcheck</c>: small networks pass, and bad calls say in one line what is wrong.</summary>
[Parallelizable, Category("Processes")]
public sealed class GradcheckCommandTests
{
    private readonly TemporaryFolder folder = new();

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [TestCase("gradcheck lenet5 --width 0.5", "conv1.weight", "1×32×32, 10 classes, cpu")]
    [TestCase("gradcheck two-layer --data xor --batch-size 5 --threads 1", "fc1.weight", "5 random items of 2, 2 cl")]
    [TestCase("gradcheck fcnet --width 0.1 --size 8 --classes 3 --seed 7", "fc4.bias", "1×8×8, 3 classes")]
    public void Gradients_of_small_networks_are_right(string line, string row, string title)
    {
        var result = PynetProcess.Run(folder.Name, line.Split(' '));

        Assert.That(result.ExitCode, Is.Zero, result.Output + result.Error);
        Assert.That(result.Output, Does.Contain(title).And.Contain(row).And.Contain("input "));
        Assert.That(result.Output, Does.Match(@"All \d+ gradients are correct\.").And.Not.Contain("INCORRECT"));
    }

    [Test]
    public void The_seed_is_that_of_everything()
    {
        string[] outputs = [.. new[] { "1", "1", "2" }.Select(seed => PynetProcess.Run(
            folder.Name, "gradcheck", "two-layer", "--width", "0.1", "--size", "6", "--seed", seed).Output)];
        Assert.That(outputs[1], Is.EqualTo(outputs[0]));
        Assert.That(outputs[2], Is.Not.EqualTo(outputs[0]));
    }

    [TestCase("gradcheck", "MODEL")]
    [TestCase("gradcheck lenet", "unknown model 'lenet'", "did you mean 'lenet5'")]
    [TestCase("gradcheck lenet5 --data xorr", "unknown data set 'xorr'", "did you mean 'xor'")]
    [TestCase("gradcheck lenet5 --data cifar10", "cifar10", "--data-dir")]
    [TestCase("gradcheck lenet5 --data xor", "lenet5")]
    [TestCase("gradcheck lenet5 --size 4", "lenet5: made for items of shape [1, 32, 32]", "[1, 4, 4]")]
    [TestCase("gradcheck lenet5 --batch-size 0", "--batch-size '0'", "from 1 to 65536")]
    [TestCase("gradcheck lenet5 --width 17", "--width '17'", "up to 16")]
    [TestCase("gradcheck lenet5 --device gpu7", "gpu7")]
    [TestCase("gradcheck lenet5 --device emulated --threads 2", "--threads 2", "belongs to the cpu")]
    [TestCase("gradcheck lenet5 --lr 1", "unknown option '--lr'")]
    public void One_line_says_what_is_wrong(string line, params string[] said)
    {
        var result = PynetProcess.Run(folder.Name, line.Split(' '));

        Assert.That(result.ExitCode, Is.EqualTo(2), result.Output + result.Error);
        Assert.That(result.Error.TrimEnd('\n', '\r'), Does.StartWith("pynet: ").And.Not.Contain("\n"));
        foreach (var text in said) Assert.That(result.Error, Does.Contain(text));
    }
}

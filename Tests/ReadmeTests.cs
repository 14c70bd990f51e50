using System.Runtime.CompilerServices;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The READMEs' example runs, and is the same as the code in this file.</summary>
public sealed class ReadmeTests
{
    [Test]
    public void The_example_learns()
    {
        // begin
        var (train, test) = ShapesGenerator.Generate(seed: 1, train: 1000, test: 200);
        var toUnit = new Normalize([0.5f], [0.5f]);
        var batches = new DataLoader(train, batchSize: 50, toUnit, seed: 1);

        var rng = new Rng(1);
        var network = new Sequential(
            new Conv2d(3, 16, 5, rng, stride: 2, padding: 2), new ReLU(), new MaxPool2d(2),
            new Flatten(), new Linear(16 * 8 * 8, 10, rng));
        var optimizer = new Sgd(network.Parameters(), 0.02f, momentum: 0.9f, nesterov: true);

        for (var epoch = 1; epoch <= 3; epoch++)
            foreach (var (x, labels) in batches.Epoch(epoch))
            {
                optimizer.ZeroGrad();
                var loss = network.Forward(x).CrossEntropy(labels);
                loss.Backward();
                optimizer.Step();
            }

        network.Eval();
        var accuracy = Evaluation.Run(network, new DataLoader(test, 50, toUnit, shuffle: false)).Accuracy;
        // end

        // Guessing among ten classes 200 times: 10 %, with three standard deviations of 6 %.
        Assert.That(accuracy, Is.GreaterThan(0.16));
    }

    /// <summary>That of the repository, and that of the packages.</summary>
    [TestCase("README.md")]
    [TestCase("PACKAGE.md")]
    public void The_example_in_the_README_is_this_one(string page)
    {
        var here = Lines(File.ReadAllText(ThisFile()), "// begin\n", "// end");
        var there = Lines(
            File.ReadAllText(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", page)),
            "```csharp\n",
            "```\n");
        Assert.That(there, Is.EqualTo(here));
    }

    private static string[] Lines(string text, string begin, string end)
    {
        var start = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        var lines = text[start..text.IndexOf(end, start, StringComparison.Ordinal)].Split('\n');
        return
        [
            .. lines.Select(line => line.Trim())
                .Where(line => line.Length > 0 && !line.StartsWith("using ", StringComparison.Ordinal)),
        ];
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}

using System.Text.Json.Nodes;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary><c>pynet train --weights FILE --new-head --freeze PATH</c>.</summary>
[Parallelizable, Category("Processes")]
public sealed class FineTuneTests
{
    private readonly TemporaryFolder folder = new();

    [OneTimeSetUp]
    public void TrainOnTenClasses()
    {
        SmallCifar.Write(folder["cifar10"]);
        SmallCifar.WriteHundred(folder["cifar100"]);
        Run("nin", "--data", "cifar10", "--width", "0.05", "--max-steps", "3", "--lr", "0.001", "--out", "ten");
    }

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [Test]
    public void A_new_head_is_trained_on_frozen_features()
    {
        File.Copy(folder["ten/model.safetensors"], folder["ten.safetensors"]);
        string[] call =
        [
            "nin", "--data", "cifar100", "--weights", "ten.safetensors", "--new-head", "--freeze", "features",
            "--optimizer", "adam", "--lr", "0.01", "--weight-decay", "0.1", "--epochs", "2",
        ];
        var output = Run([.. call, "--out", "whole"]);
        Assert.That(
            output,
            Does.Contain(
                "ten.safetensors: 16 tensors loaded; newly initialized: features3.4.weight, features3.4.bias"));
        Assert.That(output, Does.Contain("900 parameters are trained, 2,533 are frozen (features)"));

        using var before = Safetensors.Open(folder["ten.safetensors"]);
        using var after = Safetensors.Open(folder["whole/model.safetensors"]);
        foreach (var tensor in before.Tensors.Where(t => !t.Name.StartsWith("features3.4", StringComparison.Ordinal)))
            Assert.That(after.Read(tensor.Name).ToArray(), Is.EqualTo(before.Read(tensor.Name).ToArray()), tensor.Name);
        Assert.That(after.Find("features3.4.weight")!.Shape, Is.EqualTo(Shape.Create([100, 8, 1, 1])));

        var config = JsonNode.Parse(File.ReadAllText(folder["whole/config.json"]))!;
        Assert.That((bool?)config["new_head"], Is.True);
        Assert.That(config["freeze"]!.AsArray().Select(path => (string?)path), Is.EqualTo(new[] { "features" }));
        Assert.That(((string?)config["weights"], (double?)config["width"]), Is.EqualTo(("ten.safetensors", 0.05)));

        // The weights are in the checkpoint, so the run resumes without the file.
        Run([.. call, "--max-steps", "1", "--out", "parts"]);
        File.Delete(folder["ten.safetensors"]);
        output = Run("--resume", "parts", "--max-steps", "1000");
        Assert.That(output, Does.Contain("900 parameters are trained, 2,533 are frozen").And.Not.Contain("loaded"));
        Assert.That(
            File.ReadAllBytes(folder["parts/model.safetensors"]),
            Is.EqualTo(File.ReadAllBytes(folder["whole/model.safetensors"])));
        Refused("freeze: run has features, command has features1", "--resume", "whole", "--freeze", "features1");

        var text = File.ReadAllText(folder["parts/config.json"]);
        var edited = text.Replace("\"features\"", "\"feature1\"", StringComparison.Ordinal);
        File.WriteAllText(folder["parts/config.json"], edited);
        Refused("config.json': freeze: unknown module 'feature1'; did you mean 'features1'?", "--resume", "parts",
            "--epochs", "3");
    }

    [Test]
    public void A_single_module_can_be_frozen_and_the_rest_trained_on()
    {
        var output = Run(
            "nin", "--data", "cifar10", "--weights", "ten/model.safetensors", "--freeze", "features1,features2.0",
            "--lr", "0.001", "--max-steps", "1", "--out", "single");
        Assert.That(output, Does.Contain("ten/model.safetensors: 18 tensors loaded\n"));
        Assert.That(output, Does.Contain("are frozen (features1, features2.0)"));
        using var before = Safetensors.Open(folder["ten/model.safetensors"]);
        using var after = Safetensors.Open(folder["single/model.safetensors"]);
        Assert.That(
            before.Tensors.Where(t => after.Read(t.Name).ToArray().SequenceEqual(before.Read(t.Name).ToArray()))
                .Select(t => t.Name),
            Is.EqualTo(new[]
            {
                "features1.0.weight", "features1.0.bias", "features1.2.weight", "features1.2.bias",
                "features1.4.weight", "features1.4.bias", "features2.0.weight", "features2.0.bias",
            }));
    }

    [Test]
    public void Weights_of_another_data_set_need_a_new_head()
    {
        string[] call = ["nin", "--data", "cifar100", "--weights", "ten/model.safetensors", "--out", "none"];
        Refused("trained on 'cifar10', not on cifar100", call);
        Refused("weights of 'nin', not of nin-net", ["nin-net", .. call[1..]]);
        Refused("does not fit the model", [.. call, "--new-head", "--width", "0.1"]);
        Assert.That(Directory.Exists(folder["none"]), Is.False);
    }

    [Test]
    public void A_run_without_frozen_modules_speaks_of_none() => Assert.That(
        Run("nin", "--data", "cifar10", "--width", "0.05", "--max-steps", "1", "--out", "plain"),
        Does.Contain("nin at width 0.05: 2,623 parameters").And.Not.Contain("frozen"));

    private string Run(params string[] line)
    {
        var result = Pynet(line);
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        return result.Output;
    }

    private void Refused(string why, params string[] line)
    {
        var result = Pynet(line);
        Assert.That((result.ExitCode, result.Error.TrimEnd().Split('\n').Length), Is.EqualTo((2, 1)), result.Error);
        Assert.That(result.Error, Does.Contain(why));
    }

    private ChildProcess.Result Pynet(string[] line)
    {
        string[] data = line[0] == "--resume" ? [] : ["--data-dir", folder.Name, "--batch-size", "20"];
        return PynetProcess.Run(folder.Name, ["train", .. line, .. data]);
    }
}

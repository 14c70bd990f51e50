using System.ComponentModel;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Weights written here load in PyTorch and give the same scores, and the other way round.</summary>
public sealed class ExchangeTests
{
    private static readonly string[] Names = ["nin", "lenet5", "fcnet"];

    private static readonly string Python = Environment.GetEnvironmentVariable("PYNET_PYTHON") ?? "python3";

    [Test]
    public void Weights_mean_the_same_in_PyTorch()
    {
        if (Run("-c", "import torch, numpy") is { } reason)
            Assert.Ignore($"'{Python}' with torch and numpy is needed (PYNET_PYTHON names another): {reason}");

        using var folder = new TemporaryFolder();
        foreach (var name in Names)
        {
            var (model, x) = Create(name, seed: 1);
            model.Save(folder[$"{name}.ours.safetensors"]);
            Safetensors.Save(folder[$"{name}.x.safetensors"], [("x", x)]);
        }

        var script = Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "exchange.py");
        Assert.That(Run(script, folder.Name), Is.Null);

        foreach (var name in Names)
        {
            var (model, x) = Create(name, seed: 1);
            AssertScores(model, x, folder[$"{name}.ours.y.safetensors"], name);
            (model, _) = Create(name, seed: 2);
            model.Load(folder[$"{name}.theirs.safetensors"]);
            AssertScores(model, x, folder[$"{name}.theirs.y.safetensors"], name);
        }
    }

    private static (Module Model, Tensor X) Create(string name, ulong seed)
    {
        var network = NetworkCatalog.Find(name);
        var model = network.Create(new(network.Input, 10), new(seed));
        model.Eval();
        return (model, Tensor.Uniform([3, .. network.Input], -1, 1, new(9)));
    }

    private static void AssertScores(Module model, Tensor x, string path, string name)
    {
        using var paused = GradMode.NoGrad();
        using var file = Safetensors.Open(path);
        var (ours, theirs) = (model.Forward(x).ToArray(), file.Read("y").ToArray());
        var error = Math.Sqrt(ours.Zip(theirs, (a, b) => Math.Pow(a - b, 2)).Sum());
        Assert.That(error, Is.LessThan(1e-5 * Math.Sqrt(theirs.Sum(y => Math.Pow(y, 2)))), name);
    }

    /// <summary>Null if Python did it, otherwise what went wrong.</summary>
    private static string? Run(params string[] arguments)
    {
        try
        {
            var result = ChildProcess.Run(Python, arguments);
            return result.ExitCode == 0 ? null : result.Error.Trim().Split('\n')[^1];
        }
        catch (Win32Exception fault)
        {
            return fault.Message;
        }
    }
}

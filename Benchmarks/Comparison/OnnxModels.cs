using PyNetSharp.Models;
using PyNetSharp.Onnx;

namespace PyNetSharp.Benchmarks;

/// <summary>The networks of a comparison as ONNX files, each written when it is first asked for.</summary>
internal sealed class OnnxModels : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("compare-");

    /// <summary>The network's file, of any batch size.</summary>
    public string PathOf(NetworkDefinition network)
    {
        var path = Path.Combine(folder.FullName, $"{network.Name}.onnx");
        if (File.Exists(path)) return path;
        var rng = new Rng(1);
        var model = network.Create(new(network.Input, Classes: 10), rng);
        model.Eval();
        model.SaveOnnx(path, Tensor.Uniform([2, .. network.Input], 0, 1, rng));
        return path;
    }

    public void Dispose() => folder.Delete(recursive: true);
}

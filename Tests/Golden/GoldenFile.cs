using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Values that PyTorch computed in double precision; make_golden.py says how.</summary>
internal sealed class GoldenFile(string name) : IDisposable
{
    private readonly SafetensorsFile file =
        Safetensors.Open(Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", $"{name}.safetensors"));

    public IEnumerable<string> Names => file.Tensors.Select(tensor => tensor.Name);

    public Tensor this[string name] => file.Read(name);

    public float[] Values(string name) => this[name].ToArray();

    /// <summary>Fails unless |actual − golden| ≤ tolerance · |golden| in the Euclidean norm.</summary>
    /// <remarks>
    /// Of a large tensor the file has sampled elements, the norm, and a sum with random signs. A sum of errors of norm
    /// e with random signs has the deviation e, so four times that is allowed.
    /// </remarks>
    public void AssertClose(string name, float[] actual, double tolerance)
    {
        if (file.Find(name) is not null)
        {
            AssertWithinNorm(name, actual, Values(name), tolerance);
            return;
        }

        var rng = new Rng(97);
        var samples = Values($"{name}/samples");
        AssertWithinNorm(
            $"{name}, sampled", [.. samples.Select(_ => actual[rng.Next(actual.Length)])], samples, tolerance);

        double squares = 0, signed = 0;
        foreach (var value in actual)
        {
            squares += (double)value * value;
            signed += rng.NextUInt64() >> 63 == 0 ? value : -value;
        }

        double norm = this[$"{name}/norm"].Item();
        Assert.That(Math.Sqrt(squares), Is.EqualTo(norm).Within(tolerance * norm), $"{name}, norm");
        Assert.That(
            signed, Is.EqualTo(this[$"{name}/signed"].Item()).Within(4 * tolerance * norm), $"{name}, signed sum");
    }

    public void Dispose() => file.Dispose();

    private static void AssertWithinNorm(string name, float[] actual, float[] golden, double tolerance)
    {
        Assert.That(actual, Has.Length.EqualTo(golden.Length), name);
        var error = Math.Sqrt(actual.Zip(golden, (a, g) => Square((double)a - g)).Sum());
        var norm = Math.Sqrt(golden.Sum(g => Square(g)));
        // A bias in front of batch normalization changes nothing: PyTorch's 1e-17 means 0, ours is a few
        // roundings.
        var bound = norm < 1e-12 ? 1e-7 : tolerance * norm;
        Assert.That(error, Is.LessThanOrEqualTo(bound), $"{name}: the error's norm, where the values' is {norm:G4}");
    }

    private static double Square(double value) => value * value;
}

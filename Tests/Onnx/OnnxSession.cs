using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using NUnit.Framework;
using Onnx;
using PyNetSharp.Onnx;

namespace PyNetSharp.Tests;

/// <summary>A model in ONNX Runtime.</summary>
internal sealed class OnnxSession : IDisposable
{
    private readonly InferenceSession session;

    public OnnxSession(ModelProto model)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        session = new(model.ToByteArray(), options);
    }

    public OnnxSession(string path) => session = new(path);

    public ModelMetadata Metadata => session.ModelMetadata;

    public IReadOnlyDictionary<string, NodeMetadata> Inputs => session.InputMetadata;

    public IReadOnlyDictionary<string, NodeMetadata> Outputs => session.OutputMetadata;

    public (int[] Shape, float[] Values) Run<T>(Shape shape, T[] values) where T : unmanaged
    {
        using var input = OrtValue.CreateTensorValueFromMemory(values, Long(shape));
        using var options = new Microsoft.ML.OnnxRuntime.RunOptions();
        using var outputs = session.Run(options, ["input"], [input], ["output"]);
        var type = outputs[0].GetTensorTypeAndShape();
        return ([.. type.Shape.Select(extent => (int)extent)], outputs[0].GetTensorDataAsSpan<float>().ToArray());
    }

    private static long[] Long(Shape shape) => [.. shape.Select(extent => (long)extent)];

    public void Dispose() => session.Dispose();

    /// <summary>Exports a module and compares its outputs with ONNX Runtime's, for batches of 1 and of 7.</summary>
    /// <param name="model">In evaluation mode after the call.</param>
    /// <param name="item">One item's shape.</param>
    /// <param name="tolerance">The relative L2 norm of the difference that is allowed.</param>
    /// <param name="ids">The number of ids that the elements are to be; null for real numbers.</param>
    /// <returns>The exported model.</returns>
    public static ModelProto AssertAgrees(Module model, Shape item, double tolerance = 1e-5, int? ids = null)
    {
        model.Eval();
        var proto = model.ToOnnx(Batch(2, item, ids));
        using var session = new OnnxSession(proto);
        foreach (var n in (int[])[1, 7])
        {
            var x = Batch(n, item, ids);
            using var noGrad = GradMode.NoGrad();
            var expected = model.Forward(x).Keep();
            var (shape, values) = session.Run(x.Shape, x.ToArray());
            Assert.That(shape, Is.EqualTo(expected.Shape), $"{n} items");
            Assert.That(Difference(values, expected.ToArray()), Is.LessThanOrEqualTo(tolerance), $"{n} items");
        }

        return proto;
    }

    /// <summary>‖x − expected‖ / ‖expected‖, in double.</summary>
    public static double Difference(float[] x, float[] expected)
    {
        var difference = x.Zip(expected, (a, b) => a.Equals(b) ? 0 : Math.Pow((double)a - b, 2)).Sum();
        return difference == 0 ? 0 : Math.Sqrt(difference / expected.Sum(b => (double)b * b));
    }

    private static Tensor Batch(int n, Shape item, int? ids)
    {
        Shape shape = [n, .. item];
        var rng = new Rng((ulong)n);
        return ids is { } count
            ? Tensor.From(shape, [.. Enumerable.Range(0, shape.Size).Select(_ => (float)rng.Next(count))])
            : Tensor.Uniform(shape, -2, 2, rng);
    }
}

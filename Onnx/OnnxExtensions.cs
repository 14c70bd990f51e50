using System.Globalization;
using Google.Protobuf;
using Onnx;
using PyNetSharp.Layers;

namespace PyNetSharp.Onnx;

/// <summary>Writes modules as ONNX files.</summary>
public static class OnnxExtensions
{
    private const long MaxBytes = int.MaxValue - (1 << 20);     // of a protocol buffer; the rest is for the operators
    private const int IrVersion = 8;                            // the first with version 17 of the operators

    extension(Module model)
    {
        /// <summary>
        /// Writes what the module computes in evaluation mode as an ONNX file, for ONNX Runtime and other programs.
        /// </summary>
        /// <param name="path">The file, replaced atomically if it exists. Its folder must exist.</param>
        /// <param name="example">
        /// A batch that the module can take, on its device: [n, …], n at least 1. Only its extents matter, and that ids
        /// (of an embedding) are valid; but more than one item, of different values, shows what the file cannot have.
        /// </param>
        /// <param name="options">Metadata and preprocessing; null for none.</param>
        /// <exception cref="NotSupportedException">
        /// A layer has no counterpart, or depends on the batch's size or values in a way that a file cannot have; the
        /// message names it. Or the weights exceed 2 GB, which a protocol buffer cannot hold.
        /// </exception>
        /// <exception cref="ShapeException">The example does not fit, or has no items.</exception>
        /// <exception cref="InputException">The file cannot be written.</exception>
        /// <remarks>
        /// The module is run twice, with batches of different size and order, and what it does is compared: extents
        /// that follow the batch become free, named N. What depends on the values in control flow is not seen: the file
        /// has the path that the example took. Operators are of version 17; the input is named <c>input</c>, the
        /// result <c>output</c>, and weights have the names of <see cref="Module.State"/>.
        /// </remarks>
        /// <example><code>
        /// model.SaveOnnx("model.onnx", Tensor.Uniform([2, 3, 32, 32], 0, 1, new Rng(0)));
        /// </code></example>
        public void SaveOnnx(string path, Tensor example, OnnxOptions? options = null)
        {
            ArgumentException.ThrowIfNullOrEmpty(path);
            var proto = model.ToOnnx(example, options);
            AtomicFile.Write(path, stream => proto.WriteTo(stream));
        }

        /// <summary>The file's content.</summary>
        internal ModelProto ToOnnx(Tensor example, OnnxOptions? options = null)
        {
            ArgumentNullException.ThrowIfNull(example);
            options ??= new();
            if (example.Rank == 0 || example.Shape.Size == 0)
                throw new ShapeException($"SaveOnnx: the example {example.Shape} is no batch of items.");
            CheckSize(model, MaxBytes);
            var first = OnnxGraph.Trace(model, example);
            var second = OnnxGraph.Trace(model, OtherBatch(example));
    var graph = TraceMerger.Merge(model.GetType().Name, first, second, options.Preprocessing);

            var proto = new ModelProto
            {
                IrVersion = IrVersion,
                ProducerName = options.ProducerName,
                ProducerVersion = options.ProducerVersion,
                Graph = graph,
                OpsetImport = { new OperatorSetIdProto { Version = OnnxGraph.OpsetVersion } },
            };
            proto.MetadataProps.AddRange(options.Metadata.Select(pair => new StringStringEntryProto
            {
                Key = pair.Key,
                Value = pair.Value,
            }));
            return proto;
        }
    }

    /// <exception cref="NotSupportedException">The parameters and buffers have more bytes.</exception>
    internal static void CheckSize(Module model, long maxBytes)
    {
        var bytes = model.State().DistinctBy(s => s.Tensor).Sum(s => sizeof(float) * (long)s.Tensor.Shape.Size);
        if (bytes > maxBytes)
            throw new NotSupportedException(string.Create(
                CultureInfo.InvariantCulture,
                $"{model.GetType().Name}: its weights have {bytes:N0} bytes, and an ONNX file holds less than 2 GB. ") +
                "A safetensors file can have them.");
    }

    /// <summary>One item more, and the values in reverse, so that ids remain ids.</summary>
    private static Tensor OtherBatch(Tensor example)
    {
        var values = example.ToArray();
        Shape shape = [example.Shape[0] + 1, .. example.Shape.Skip(1)];
        var other = new float[shape.Size];
        for (var i = 0; i < other.Length; i++) other[i] = values[^(i % values.Length + 1)];
        return Tensor.From(shape, other, example.Device);
    }
}

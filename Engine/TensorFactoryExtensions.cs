namespace PyNetSharp;

/// <summary>Factories: tensors of given, constant and random elements.</summary>
public static class TensorFactoryExtensions
{
    extension(Tensor)
    {
        /// <summary>A tensor of these values, given in logical row-major order.</summary>
        /// <exception cref="ArgumentException">There are more or fewer values than the shape has elements.</exception>
        public static Tensor From(Shape shape, ReadOnlySpan<float> values, Device? device = null)
        {
            var tensor = New(shape, device);
            tensor.CopyFrom(values);
            return tensor;
        }

        /// <summary>
        /// A tensor of arbitrary content, to be filled by <see cref="Tensor.CopyFrom(ReadOnlySpan{float})"/>.
        /// </summary>
        public static Tensor Empty(Shape shape, Device? device = null) => New(shape, device);

        /// <summary>A tensor whose elements are all <paramref name="value"/>.</summary>
        public static Tensor Full(Shape shape, float value, Device? device = null)
        {
            var tensor = New(shape, device);
            tensor.Device.Fill(tensor.Storage, tensor.Shape.Size, value);
            return tensor;
        }

        /// <summary>A tensor of zeros.</summary>
        public static Tensor Zeros(Shape shape, Device? device = null) => Tensor.Full(shape, 0, device);

        /// <summary>Independent draws, each uniform in [<paramref name="low"/>, <paramref name="high"/>).</summary>
        public static Tensor Uniform(Shape shape, float low, float high, Rng rng, Device? device = null) =>
            Draw(shape, () => rng.NextFloat(low, high), device);

        /// <summary>Independent draws from the normal distribution of this mean and standard deviation.</summary>
        public static Tensor Normal(Shape shape, float mean, float deviation, Rng rng, Device? device = null) =>
            Draw(shape, () => mean + deviation * rng.NextNormal(), device);
    }

    private static Tensor New(Shape shape, Device? device)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return new Tensor(shape, device ?? Device.Cpu).Keep();
    }

    private static Tensor Draw(Shape shape, Func<float> next, Device? device)
    {
        var tensor = New(shape, device);
        tensor.Fill(next);
        return tensor;
    }
}

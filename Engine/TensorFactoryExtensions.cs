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
            ArgumentNullException.ThrowIfNull(shape);
            Tensor.CheckLength(values.Length, shape, "Tensor.From");
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

        /// <summary>A tensor of ones.</summary>
        public static Tensor Ones(Shape shape, Device? device = null) => Tensor.Full(shape, 1, device);

        /// <summary>0, 1, …, <paramref name="end"/> − 1.</summary>
        /// <returns>[<paramref name="end"/>]</returns>
        /// <exception cref="ArgumentOutOfRangeException">The end is negative.</exception>
        public static Tensor Arange(int end, Device? device = null)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(end);
            return Tensor.Arange(0, end, 1, device);
        }

        /// <summary>
        /// The numbers from <paramref name="start"/> on, <paramref name="step"/> apart, before <paramref name="end"/>.
        /// </summary>
        /// <param name="step">Above or below 0.</param>
        /// <returns>[⌈(end − start) / step⌉]; computed in double and rounded once.</returns>
        /// <exception cref="ArgumentOutOfRangeException">
        /// A number is not finite, the step is 0 or leads away from the end, or there are more than 2³¹ − 1 numbers.
        /// </exception>
        public static Tensor Arange(double start, double end, double step = 1, Device? device = null)
        {
            var count = Math.Ceiling((end - start) / step);
            if (!double.IsFinite(step) || step == 0 || !(count is >= 0 and <= int.MaxValue))
                throw new ArgumentOutOfRangeException(
                    nameof(step), step,
                    FormattableString.Invariant($"Arange: no steps of {step} lead from {start} to {end}."));
            var values = new float[(int)count];
            for (var i = 0; i < values.Length; i++) values[i] = (float)(start + i * step);
            return Tensor.From([values.Length], values, device);
        }

        /// <summary>The identity matrix: 1 on the diagonal, 0 elsewhere.</summary>
        /// <param name="columns">Null for a square matrix.</param>
        /// <returns>[rows, columns]</returns>
        /// <exception cref="ShapeException">An extent is negative.</exception>
        public static Tensor Eye(int rows, int? columns = null, Device? device = null)
        {
            Shape shape = [rows, columns ?? rows];
            var values = new float[shape.Size];
            for (var i = 0; i < Math.Min(shape[0], shape[1]); i++) values[i * shape[1] + i] = 1;
            return Tensor.From(shape, values, device);
        }

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
        return new Tensor(shape, device ?? StateShapes.NoMemory ?? Device.Cpu).Keep();
    }

    private static Tensor Draw(Shape shape, Func<float> next, Device? device)
    {
        var tensor = New(shape, device);
        tensor.Fill(next);
        return tensor;
    }
}

namespace PyNetSharp.Layers;

/// <summary>The initial distribution of the weights of convolutions and linear layers.</summary>
public enum Initialization
{
    /// <summary>PyTorch's default: weights and biases uniform in ±1/√fan_in.</summary>
    Default,

    /// <summary>
    /// <c>torch.nn.init.xavier_uniform_</c>, Keras's <c>GlorotUniform</c>: weights uniform in ±√(6 / (fan_in +
    /// fan_out)), biases zero.
    /// </summary>
    /// <seealso href="https://proceedings.mlr.press/v9/glorot10a.html">Glorot and Bengio, 2010, eq. 16</seealso>
    Xavier,

    /// <summary>
    /// <c>torch.nn.init.kaiming_normal_</c> for ReLU: weights normal with mean 0 and variance 2 / fan_in, biases zero.
    /// (Keras's <c>HeNormal</c> truncates the normal distribution.)
    /// </summary>
    /// <seealso href="https://arxiv.org/abs/1502.01852">He et al., 2015, eq. 10</seealso>
    Kaiming,
}

/// <summary>Initializes the weights of a model.</summary>
public static class InitializationExtensions
{
    extension(Module model)
    {
        /// <summary>
        /// Draws the weights and biases of every <see cref="Conv2d"/> and <see cref="Linear"/> within this module.
        /// </summary>
        /// <param name="scheme">The distribution.</param>
        /// <param name="rng">Draws them, layer by layer, in the order of <see cref="Module.State"/>.</param>
        /// <remarks>
        /// fan_in is the number of inputs that an output depends on, fan_out the number of outputs that an input
        /// affects: features for a linear layer, channels · kernel size for a convolution. Other parameters are left as
        /// they are.
        /// </remarks>
        public void Initialize(Initialization scheme, Rng rng)
        {
            ArgumentNullException.ThrowIfNull(model);
            ArgumentNullException.ThrowIfNull(rng);
            foreach (var (_, module) in model.Descendants())
            {
                if (module is Conv2d conv) Draw(scheme, conv.Weight, conv.Bias, rng);
                if (module is Linear linear) Draw(scheme, linear.Weight, linear.Bias, rng);
            }
        }
    }

    private static void Draw(Initialization scheme, Parameter weight, Parameter? bias, Rng rng)
    {
        var (fanIn, fanOut) = (weight.Shape.Size / weight.Shape[0], weight.Shape.Size / weight.Shape[1]);
        switch (scheme)
        {
            case Initialization.Default:
                var bound = 1 / MathF.Sqrt(fanIn);
                weight.Fill(() => rng.NextFloat(-bound, bound));
                bias?.Fill(() => rng.NextFloat(-bound, bound));
                break;
            case Initialization.Xavier:
                var limit = MathF.Sqrt(6f / (fanIn + fanOut));
                weight.Fill(() => rng.NextFloat(-limit, limit));
                bias?.Fill(() => 0);
                break;
            case Initialization.Kaiming:
                var deviation = MathF.Sqrt(2f / fanIn);
                weight.Fill(() => deviation * rng.NextNormal());
                bias?.Fill(() => 0);
                break;
            default:
                throw new ArgumentOutOfRangeException(
                    nameof(scheme), FormattableString.Invariant($"{scheme}"), "An unknown initialization.");
        }
    }
}

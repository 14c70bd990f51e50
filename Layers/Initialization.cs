namespace PyNetSharp.Layers;

/// <summary>How the weights of convolutions and linear layers are drawn before training.</summary>
public enum Initialization
{
    /// <summary>PyTorch's: weights and biases uniform in ±1/√fan_in.</summary>
    Default,

    /// <summary>Glorot and Bengio's: weights uniform in ±√(6 / (fan_in + fan_out)), biases zero.</summary>
    /// <seealso href="https://proceedings.mlr.press/v9/glorot10a.html">Glorot and Bengio, 2010</seealso>
    Xavier,

    /// <summary>He's for ReLU: weights normal of variance 2 / fan_in, biases zero.</summary>
    /// <seealso href="https://arxiv.org/abs/1502.01852">He et al., 2015</seealso>
    Kaiming,
}

/// <summary>Draws a model's weights anew.</summary>
public static class InitializationExtensions
{
    extension(Module model)
    {
        /// <summary>
        /// Draws the weights and biases of every <see cref="Conv2d"/> and <see cref="Linear"/> within this module.
        /// </summary>
        /// <param name="scheme">The distribution.</param>
        /// <param name="rng">Draws them, layer after layer, in the order of <see cref="Module.State"/>.</param>
        /// <remarks>
        /// fan_in is the number of inputs that one output number sees, fan_out the same the other way.
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
                throw new ArgumentOutOfRangeException(nameof(scheme), FormattableString.Invariant($"{scheme}"), "An unknown initialisation.");
        }
    }
}

namespace PyNetSharp.Layers;

/// <summary>y = x·Wᵀ + b.</summary>
public sealed class Linear : Module
{
    /// <summary>
    /// Draws both parameters uniformly from ±1/√<paramref name="inputs"/>, as <c>torch.nn.Linear</c> does.
    /// </summary>
    /// <param name="inputs">Features of the input; at least 1.</param>
    /// <param name="outputs">Features of the output; at least 1.</param>
    /// <param name="rng">Draws the parameters.</param>
    /// <param name="bias">Whether a number is added to each output feature.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    public Linear(int inputs, int outputs, Rng rng, bool bias = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        ArgumentNullException.ThrowIfNull(rng);

        Weight = new(Tensor.Zeros([outputs, inputs]));
        if (bias) Bias = new(Tensor.Zeros([outputs]));
        this.Initialize(Initialization.Default, rng);
    }

    /// <summary>[outputs, inputs]</summary>
    public Parameter Weight { get; }

    /// <summary>[outputs], or null if the layer was created without one.</summary>
    public Parameter? Bias { get; }

    /// <param name="x">[batch, inputs], or [batch, …, inputs]: every row along the last axis on its own.</param>
    /// <returns>The same shape with outputs as the last extent.</returns>
    /// <exception cref="ShapeException">The last extent is not the number of inputs.</exception>
    protected override Tensor Forward(Tensor x) => Forward(x, relu: false);

    /// <summary>
    /// The product, with ReLU as its epilogue if <paramref name="relu"/>: no pass over memory between them.
    /// </summary>
    internal Tensor Forward(Tensor x, bool relu) => x.Linear(Weight, Bias, relu);

    /// <inheritdoc/>
    protected override string Describe() =>
        $"in_features={Weight.Shape[1]}, out_features={Weight.Shape[0]}, bias={(Bias is null ? "False" : "True")}";
}

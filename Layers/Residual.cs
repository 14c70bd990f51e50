namespace PyNetSharp.Layers;

/// <summary>
/// A residual block: y = body(x) + shortcut(x), where the shortcut is x itself unless a module is given.
/// </summary>
/// <param name="body">Computes the residual.</param>
/// <param name="shortcut">
/// Makes x fit the body's output where that has other channels or another size, as a 1×1 convolution does; null for x.
/// </param>
/// <param name="relu">Whether a ReLU follows the sum, as in ResNet.</param>
/// <seealso href="https://arxiv.org/abs/1512.03385">He, Zhang, Ren and Sun, 2015, §3.2</seealso>
/// <example><code>
/// new Residual(
///     new Sequential(new Conv2d(64, 64, 3, rng, padding: 1, bias: false), new BatchNorm2d(64), new ReLU(),
///         new Conv2d(64, 64, 3, rng, padding: 1, bias: false), new BatchNorm2d(64)),
///     relu: true)
/// </code></example>
public sealed class Residual(Module body, Module? shortcut = null, bool relu = false) : Module
{
    /// <summary>Computes the residual; its path is <c>body</c>.</summary>
    public Module Body { get; } = body ?? throw new ArgumentNullException(nameof(body));

    /// <summary>What is added to the body's output instead of x, or null; its path is <c>shortcut</c>.</summary>
    public Module? Shortcut { get; } = shortcut;

    /// <summary>Whether a ReLU follows the sum.</summary>
    public bool HasReLU { get; } = relu;

    /// <param name="x">What the body takes.</param>
    /// <returns>Shaped like the body's output.</returns>
    /// <exception cref="ShapeException">
    /// The input does not fit one of the modules (the message begins with its path), or their outputs differ in shape.
    /// </exception>
    protected override Tensor Forward(Tensor x)
    {
        var residual = Body.Forward(x);
        var identity = Shortcut?.Forward(x) ?? x;
        if (residual.Shape != identity.Shape)
            throw new ShapeException(
                $"Residual: the body yields {residual.Shape} and the shortcut {identity.Shape} for {x.Shape}.");

        var y = residual + identity;
        if (identity != x && identity != residual) identity.Release();
        if (residual != x) residual.Release();
        if (!HasReLU) return y;
        var sum = y;
        y = sum.Relu();
        sum.Release();
        return y;
    }

    /// <inheritdoc/>
    protected override string Describe() => HasReLU ? "relu=True" : "";
}

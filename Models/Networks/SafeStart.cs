namespace PyNetSharp;

/// <summary>A start from which Network in Network's last ReLU does not die.</summary>
public static class SafeStart
{
    private const float Scale = 0.3f, Bias = 1;

    /// <summary>Multiplies the weights of the last convolution by 0.3 and sets its bias to 1.</summary>
    /// <remarks>
    /// In Network in Network a ReLU follows the last 1×1 convolution too. Once its inputs are negative everywhere, all
    /// scores are 0, no gradient flows, and the loss stays at ln(classes) for ever; with a large first step that happens
    /// within a few batches. Small weights around a positive bias keep the inputs positive until the layers below have
    /// learnt something.
    /// </remarks>
    /// <exception cref="ArgumentException">The model has no convolution, or its last one has no bias.</exception>
    public static void Apply(Module model)
    {
        var last = model.Descendants().Select(d => d.Module).OfType<Conv2d>().LastOrDefault()
            ?? throw new ArgumentException("SafeStart: the model has no convolution.", nameof(model));
        var bias = last.Bias
            ?? throw new ArgumentException($"SafeStart: the last convolution, {last}, has no bias.", nameof(model));

        last.Weight.CopyFrom([.. last.Weight.ToArray().Select(w => Scale * w)]);
        bias.CopyFrom([.. Enumerable.Repeat(Bias, bias.Shape.Size)]);
    }
}

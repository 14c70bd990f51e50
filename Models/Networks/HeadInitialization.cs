using PyNetSharp.Layers;

namespace PyNetSharp.Models;

/// <summary>A start from which the head of a Network in Network does not die.</summary>
public static class HeadInitialization
{
    private const float WeightScale = 0.3f, Bias = 1;

    /// <summary>
    /// Multiplies the weights of the convolution that makes the class scores by 0.3 and sets its bias to 1; 1×1
    /// convolutions of scores to scores behind it start as the identity.
    /// </summary>
    /// <remarks>
    /// In Network in Network a ReLU follows the last convolutions too, which have as few channels as there are classes.
    /// Once their inputs are negative everywhere, all scores are 0, no gradient flows, and the loss stays at ln(classes) for
    /// ever; with a large first step that happens within a few batches. Small weights around a positive bias, passed on as
    /// they are, keep the scores positive until the layers below have learnt something.
    /// </remarks>
    /// <exception cref="ArgumentException">The model has no convolution, or one of the head's has no bias.</exception>
    public static void Apply(Module model)
    {
        var convolutions = model.Descendants().Select(d => d.Module).OfType<Conv2d>().Reverse().ToArray();
        var scores = convolutions.FirstOrDefault(conv => !IsPointwiseOverClasses(conv))
            ?? throw new ArgumentException("SafeStart: the model has no convolution that makes scores.", nameof(model));

        foreach (var conv in convolutions.TakeWhile(IsPointwiseOverClasses))
        {
            var classes = conv.Weight.Shape[0];
            conv.Weight.CopyFrom([.. Enumerable.Range(0, classes * classes).Select(i => i % (classes + 1) == 0 ? 1f : 0f)]);
            SetBias(conv, 0);
        }

        scores.Weight.CopyFrom([.. scores.Weight.ToArray().Select(w => WeightScale * w)]);
        SetBias(scores, Bias);
    }

    private static bool IsPointwiseOverClasses(Conv2d conv) => conv.KernelSize == 1 && conv.Weight.Shape[0] == conv.Weight.Shape[1];

    private static void SetBias(Conv2d conv, float value) =>
        (conv.Bias ?? throw new ArgumentException($"SafeStart: {conv} has no bias.", nameof(conv)))
            .CopyFrom([.. Enumerable.Repeat(value, conv.Bias.Shape.Size)]);
}

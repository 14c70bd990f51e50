using PyNetSharp.Layers;

namespace PyNetSharp.Models;

/// <summary>An initialization of a Network in Network's head that avoids dead ReLUs.</summary>
internal static class HeadInitialization
{
    private const float WeightScale = 0.3f, Bias = 1;

    /// <summary>
    /// Multiplies the weights of the last convolution to the classes by 0.3 and sets its bias to 1; the 1×1
    /// convolutions from classes to classes after it are initialized as the identity.
    /// </summary>
    /// <remarks>
    /// In Network in Network a ReLU follows the last convolutions too, which have only one channel per class. If all of
    /// its inputs become negative, all scores are 0, all gradients are 0, and the loss stays at ln(classes); a large
    /// first step causes that within a few batches. Small weights with a positive bias, and the identity after them,
    /// keep the scores positive until the layers before them are trained. This is not from the paper.
    /// </remarks>
    /// <exception cref="ArgumentException">The model has no convolution, or one of the head's has no bias.</exception>
    public static void Apply(Module model)
    {
        var convolutions = model.Descendants().Select(d => d.Module).OfType<Conv2d>().Reverse().ToArray();
        var scores = convolutions.FirstOrDefault(conv => !IsPointwiseOverClasses(conv))
            ?? throw new ArgumentException(
                "HeadInitialization: the model has no convolution to classes.", nameof(model));

        foreach (var conv in convolutions.TakeWhile(IsPointwiseOverClasses))
        {
            var classes = conv.Weight.Shape[0];
            var identity = Enumerable.Range(0, classes * classes).Select(i => i % (classes + 1) == 0 ? 1f : 0f);
            conv.Weight.CopyFrom([.. identity]);
            SetBias(conv, 0);
        }

        scores.Weight.CopyFrom([.. scores.Weight.ToArray().Select(w => WeightScale * w)]);
        SetBias(scores, Bias);
    }

    private static bool IsPointwiseOverClasses(Conv2d conv) =>
        conv.KernelSize == 1 && conv.Weight.Shape[0] == conv.Weight.Shape[1];

    private static void SetBias(Conv2d conv, float value) =>
        (conv.Bias ?? throw new ArgumentException($"HeadInitialization: {conv} has no bias.", nameof(conv)))
            .CopyFrom([.. Enumerable.Repeat(value, conv.Bias.Shape.Size)]);
}

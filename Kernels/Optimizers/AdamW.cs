using System.Runtime.CompilerServices;

namespace PyNetSharp.Optimizers;

/// <summary>Adam with decoupled weight decay; PyTorch's rule.</summary>
/// <remarks>
/// p −= learningRate·weightDecay·p, then <see cref="Adam"/>'s step with the gradient alone: the decay is not divided
/// by the running average of the squares, so that all weights shrink at the same rate. One pass over each parameter.
/// </remarks>
/// <seealso href="https://arxiv.org/abs/1711.05101">Loshchilov and Hutter, 2019, algorithm 2</seealso>
public sealed class AdamW : Adam
{
    /// <summary>An optimizer of these parameters.</summary>
    /// <param name="parameters">The parameters to train, each once.</param>
    /// <param name="learningRate">At least 0.</param>
    /// <param name="beta1">The decay of the running average of the gradient, in [0, 1).</param>
    /// <param name="beta2">The decay of the running average of its square, in [0, 1).</param>
    /// <param name="eps">Added to the divisor, at least 0.</param>
    /// <param name="weightDecay">
    /// A step shrinks each weight by the learning rate times this, at least 0; far larger than
    /// <see cref="Adam"/>'s.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    [OverloadResolutionPriority(1)]
    public AdamW(
        IEnumerable<Parameter> parameters, float learningRate = 1e-3f, double beta1 = 0.9, double beta2 = 0.999,
        double eps = 1e-8, float weightDecay = 0.01f)
        : base(parameters, learningRate, beta1, beta2, eps, weightDecay, isDecoupled: true)
    {
    }

    /// <summary>An optimizer of groups of parameters with options of their own.</summary>
    /// <param name="groups">At least one; no parameter is in two of them.</param>
    /// <param name="learningRate">That of groups without one of their own, at least 0.</param>
    /// <param name="beta1">The decay of the running average of the gradient, in [0, 1).</param>
    /// <param name="beta2">The decay of the running average of its square, in [0, 1).</param>
    /// <param name="eps">Added to the divisor, at least 0.</param>
    /// <param name="weightDecay">A step shrinks each weight by the learning rate times this, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number, of a group too, is outside its range.</exception>
    /// <exception cref="ArgumentException">
    /// The groups are not disjoint, or set an option that AdamW has not.
    /// </exception>
    public AdamW(
        IEnumerable<ParameterGroup> groups, float learningRate = 1e-3f, double beta1 = 0.9, double beta2 = 0.999,
        double eps = 1e-8, float weightDecay = 0.01f)
        : base(groups, learningRate, beta1, beta2, eps, weightDecay, isDecoupled: true)
    {
    }
}

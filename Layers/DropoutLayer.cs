using System.Globalization;

namespace PyNetSharp.Layers;

/// <summary>A layer that sets a random part of its input to zero in training mode, and nothing in evaluation.</summary>
/// <remarks>
/// The rest is multiplied by 1/(1 − p), so that the expectation does not change. Each call in training mode draws one
/// number from <see cref="Rng"/>; an interrupted run resumes exactly by restoring that generator's state.
/// </remarks>
/// <seealso href="https://arxiv.org/abs/1207.0580">Hinton et al., 2012</seealso>
public abstract class DropoutLayer : Module
{
    private protected DropoutLayer(Rng rng, float p)
    {
        ArgumentNullException.ThrowIfNull(rng);
        if (p is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(
                nameof(p), FormattableString.Invariant($"{p}"), "A probability from 0 to 1 was expected.");
        (Rng, P) = (rng, p);
    }

    /// <summary>Draws the masks.</summary>
    public Rng Rng { get; }

    /// <summary>The probability of a zero.</summary>
    public float P { get; }

    /// <summary>
    /// The items of a batch that the next inputs have, where they are only a part of it; null where they are all. The
    /// parts are dropped as the whole batch if <see cref="Rng"/> has the same state for each.
    /// </summary>
    internal (int First, int Count)? Part { get; set; }

    /// <summary>The position in the batch of the first element, or channel, of an input.</summary>
    /// <param name="count">The elements, or channels, of the input, item after item.</param>
    private protected uint PositionOf(int count) =>
        Part is { Count: > 0 } part ? (uint)(part.First * ((long)count / part.Count)) : 0;

    /// <summary>Those of all items; 0 for a shape that the op refuses.</summary>
    private protected static int ChannelCount(Tensor x) => x.Rank >= 2 ? x.Shape[0] * x.Shape[1] : 0;

    /// <inheritdoc/>
    protected override string Describe() =>
        $"p={P.ToString("0.0#######", CultureInfo.InvariantCulture)}, inplace=False";
}

/// <summary>The part of a model's state that is not in tensors.</summary>
public static class GeneratorExtensions
{
    extension(Module model)
    {
        /// <summary>
        /// The random generators of all dropout layers; a checkpoint saves their states and a resumed run restores
        /// them.
        /// </summary>
        public IEnumerable<(string Path, Rng Rng)> Generators() =>
            from descendant in model.Descendants()
            where descendant.Module is DropoutLayer
            select (descendant.Path, ((DropoutLayer)descendant.Module).Rng);
    }
}

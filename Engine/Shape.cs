using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace PyNetSharp;

/// <summary>The extents of a tensor, outermost first: [n, c, h, w] for a batch of images, [] for a scalar.</summary>
/// <remarks>
/// Immutable and compared by value. Written as a collection expression: <c>Shape s = [128, 3, 32, 32];</c>
/// </remarks>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public sealed class Shape : IEquatable<Shape>, IReadOnlyList<int>
{
    private readonly int[] extents;

    private Shape(int[] extents, int size) => (this.extents, Size) = (extents, size);

    /// <summary>The number of elements: the product of all extents, 1 for a scalar.</summary>
    /// <remarks>
    /// Not <c>Count</c>: the compiler takes that for the number of extents when a shape is spread into another.
    /// </remarks>
    public int Size { get; }

    /// <summary>The number of extents.</summary>
    public int Rank => extents.Length;

    int IReadOnlyCollection<int>.Count => Rank;

    /// <summary>Extent number <paramref name="axis"/>; <c>shape[^1]</c> is the innermost.</summary>
    public int this[int axis] => extents[axis];

    /// <summary>Extent number <paramref name="axis"/>, counted from either end.</summary>
    public int this[Index axis] => extents[axis];

    /// <summary>Makes a shape of these extents.</summary>
    /// <exception cref="ShapeException">
    /// An extent is negative, or there are more than 2³¹ − 1 elements; extents of 0 do not count there, so that the
    /// product of some of the extents never overflows.
    /// </exception>
    public static Shape Create(ReadOnlySpan<int> extents)
    {
        long count = 1;
        foreach (var extent in extents)
        {
            if (extent < 0)
                throw new ShapeException(string.Create(
                    CultureInfo.InvariantCulture, $"Shape [{Join(extents)}]: the extent {extent} is negative."));
            count *= Math.Max(1, extent);
            if (count > int.MaxValue) throw new ShapeException($"Shape [{Join(extents)}]: more than 2³¹ − 1 elements.");
        }

        return new(extents.ToArray(), extents.Contains(0) ? 0 : (int)count);
    }

    /// <summary>The extents as a span, for slicing and pattern matching.</summary>
    public ReadOnlySpan<int> AsSpan() => extents;

    /// <summary>The four extents of a batch of images or of a convolution's weight.</summary>
    /// <exception cref="ShapeException">The rank is not 4.</exception>
    public void Deconstruct(out int n, out int c, out int h, out int w)
    {
        if (Rank != 4) throw new ShapeException($"{this} has rank {Rank}, not 4.");
        (n, c, h, w) = (extents[0], extents[1], extents[2], extents[3]);
    }

    /// <summary>The two extents of a matrix.</summary>
    /// <exception cref="ShapeException">The rank is not 2.</exception>
    public void Deconstruct(out int rows, out int columns)
    {
        if (Rank != 2) throw new ShapeException($"{this} has rank {Rank}, not 2.");
        (rows, columns) = (extents[0], extents[1]);
    }

    /// <inheritdoc/>
    public bool Equals(Shape? other) => other is not null && extents.AsSpan().SequenceEqual(other.extents);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Shape);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var extent in extents) hash.Add(extent);
        return hash.ToHashCode();
    }

    /// <summary>Whether both have the same extents in the same order.</summary>
    public static bool operator ==(Shape? left, Shape? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether an extent or the rank differs.</summary>
    public static bool operator !=(Shape? left, Shape? right) => !(left == right);

    /// <summary>As in Python: <c>[128, 3, 32, 32]</c>.</summary>
    public override string ToString() => $"[{Join(extents)}]";

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)extents).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => extents.GetEnumerator();

    private static string Join(ReadOnlySpan<int> extents) =>
        string.Join(", ", extents.ToArray().Select(extent => extent.ToString(CultureInfo.InvariantCulture)));
}

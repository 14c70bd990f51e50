using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Layers;

/// <summary>
/// What was loaded from a file of weights, and what does not fit: PyTorch's missing and unexpected keys.
/// </summary>
/// <remarks>The names are those of <see cref="Module.State"/>, in its order; unexpected ones in the file's.</remarks>
/// <param name="Loaded">The tensors that have the file's elements now.</param>
/// <param name="Missing">Tensors of the model that the file does not have; they are as before.</param>
/// <param name="Unexpected">Tensors of the file that the model does not have, by their new names if renamed.</param>
/// <param name="SizeMismatches">Tensors whose shapes differ; the model's are as before.</param>
public sealed record LoadReport(
    IReadOnlyList<string> Loaded, IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected,
    IReadOnlyList<SizeMismatch> SizeMismatches)
{
    private const int MaxListed = 200;          // names in a message

    /// <summary>Whether the file has exactly the model's tensors.</summary>
    public bool IsExact => Missing.Count + Unexpected.Count + SizeMismatches.Count == 0;

    /// <summary>
    /// In one line: <c>14 tensors loaded; missing keys: 'fc2.bias'; size mismatch: 'fc2.weight' [10, 84], expected
    /// [100, 84]</c>.
    /// </summary>
    public override string ToString()
    {
        string[] parts =
        [
            FormattableString.Invariant($"{Loaded.Count} {(Loaded.Count == 1 ? "tensor" : "tensors")} loaded"),
            .. List("missing keys", Missing.Select(Quote)), .. List("unexpected keys", Unexpected.Select(Quote)),
            .. List("size mismatch", SizeMismatches.Select(tensor => $"{tensor}")),
        ];
        return string.Join("; ", parts);
    }

    /// <summary>A text such as "missing keys: 'a', 'b'"; none if there is nothing to list.</summary>
    internal static IEnumerable<string> List(string title, IEnumerable<string> names)
    {
        var shown = names.Take(MaxListed + 1).ToArray();        // a file may have a million
        if (shown.Length > MaxListed) shown[^1] = "…";
        return shown.Length > 0 ? [$"{title}: {string.Join(", ", shown)}"] : [];
    }
}

/// <summary>A tensor whose shape in a file is not the model's.</summary>
/// <param name="Name">Its name in the model.</param>
/// <param name="Found">Its extents in the file, which may exceed those of a <see cref="Shape"/>.</param>
/// <param name="Expected">Its shape in the model.</param>
public sealed record SizeMismatch(string Name, IReadOnlyList<long> Found, Shape Expected)
{
    /// <summary><c>'fc2.weight' [10, 84], expected [100, 84]</c></summary>
    public override string ToString() =>
        $"{Quote(Name)} {SafetensorsTensorInfo.Format(Found)}, expected {Expected}";
}

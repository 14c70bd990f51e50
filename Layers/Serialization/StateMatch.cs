using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Layers;

/// <summary>Which tensors of a file are which of a model.</summary>
internal sealed class StateMatch
{
    private readonly string path;
    private readonly (string Name, Shape Ours)[] missing;
    private readonly (string Name, SafetensorsTensorInfo Theirs)[] unexpected;
    private readonly SizeMismatch[] mismatches;

    /// <param name="path">The file's path, for messages.</param>
    /// <param name="file">The file.</param>
    /// <param name="state">The names and shapes of the model's tensors.</param>
    /// <param name="rename">The model's name of each of the file's; null for a tensor that is ignored.</param>
    /// <exception cref="InputException">Two tensors of the file get the same name.</exception>
    public StateMatch(
        string path, SafetensorsFile file, IReadOnlyList<(string Name, Shape Shape)> state,
        Func<string, string?> rename)
    {
        this.path = path;
        var theirs = new Dictionary<string, SafetensorsTensorInfo>();
        foreach (var tensor in file.Tensors)
            if (rename(tensor.Name) is { } name && !theirs.TryAdd(name, tensor))
                throw new InputException(
                    $"'{path}' has two tensors that would be {Quote(name)}: {Quote(theirs[name].Name)} and " +
                    $"{Quote(tensor.Name)}.");

        var known = state.Select(s => s.Name).ToHashSet();
        missing = [.. state.Where(s => !theirs.ContainsKey(s.Name))];
        unexpected =
        [
            .. theirs.Where(t => !known.Contains(t.Key) && t.Key.Split('.')[^1] != "num_batches_tracked")
                .Select(t => (t.Key, t.Value)),
        ];
        var both = state.Where(s => theirs.ContainsKey(s.Name))
            .Select(s => (s.Name, Ours: s.Shape, Theirs: theirs[s.Name]))
            .ToLookup(pair => pair.Ours.Select(extent => (long)extent).SequenceEqual(pair.Theirs.Extents));
        Matches = [.. both[true]];
        mismatches =
            [.. both[false].Select(pair => new SizeMismatch(pair.Name, pair.Theirs.Extents, pair.Ours))];
    }

    /// <summary>The tensors of equal name and shape.</summary>
    public IReadOnlyList<(string Name, Shape Ours, SafetensorsTensorInfo Theirs)> Matches { get; }

    /// <summary>The report after all of <see cref="Matches"/> have been loaded.</summary>
    public LoadReport ToReport() => new(
        [.. Matches.Select(match => match.Name)], [.. missing.Select(s => s.Name)],
        [.. unexpected.Select(t => t.Name)], mismatches);

    /// <param name="strict">Whether the file must have exactly the model's tensors.</param>
    /// <exception cref="InputException">It has not, or one that would be loaded is of another type.</exception>
    public void ThrowIfUnfit(bool strict)
    {
        var unreadable = Matches.Where(match => !SafetensorsDtype.IsReadable(match.Theirs.Dtype));
        string[] problems =
        [
            .. LoadReport.List(
                "missing keys", strict ? missing.Select(s => $"{Quote(s.Name)} {s.Ours}") : []),
            .. LoadReport.List(
                "unexpected keys", strict ? unexpected.Select(t => $"{Quote(t.Name)} {t.Theirs.ExtentsText}") : []),
            .. LoadReport.List("size mismatch", strict ? mismatches.Select(tensor => $"{tensor}") : []),
            .. LoadReport.List(
                $"of a type other than {SafetensorsDtype.ReadableTypes}",
                unreadable.Select(match => $"{Quote(match.Theirs.Name)} {match.Theirs.Dtype}")),
        ];
        if (problems.Length > 0)
            throw new InputException($"'{path}' does not fit the model: {string.Join("; ", problems)}.");
    }
}

using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Layers;

/// <summary>
/// Saves and loads a model's weights: safetensors with PyTorch's names and shapes, in both directions.
/// </summary>
public static class ModuleSerialization
{
    private const int MaxListed = 4;        // tensors per kind of error that a message names

    extension(Module model)
    {
        /// <summary>Writes all parameters and buffers. Equal weights give equal bytes.</summary>
        /// <param name="path">The file, replaced atomically if it exists. Its folder must exist.</param>
        /// <param name="metadata">Additional keys and texts for the file; null for none.</param>
        /// <exception cref="InputException">The file cannot be written.</exception>
        /// <exception cref="InvalidOperationException">The model has no parameters or buffers.</exception>
        public void Save(string path, IReadOnlyDictionary<string, string>? metadata = null) =>
            Safetensors.Save(path, GetState(model), metadata);

        /// <summary>Reads all parameters and buffers; elements that are F16, BF16 or F64 are converted.</summary>
        /// <param name="path">A file with exactly the tensors of <see cref="Module.State"/>.</param>
        /// <exception cref="InputException">
        /// The file cannot be read, is not in the format, or does not fit the model. Then the model is unchanged.
        /// </exception>
        /// <exception cref="InvalidOperationException">The model has no parameters or buffers.</exception>
        /// <remarks>
        /// PyTorch's <c>num_batches_tracked</c> is ignored: it is used by training with cumulative averages only, which
        /// no layer here has. Needs temporary memory for a copy of the largest tensor.
        /// </remarks>
        public void Load(string path)
        {
            using var file = Safetensors.Open(path);
            Load(path, file, GetState(model));
        }
    }

    private static IReadOnlyList<(string Name, Tensor Tensor)> GetState(Module model) =>
        model.State() is { Count: > 0 } state
            ? state
            : throw new InvalidOperationException(
                $"{model.GetType().Name} has no parameters or buffers, in no field or property, " +
                "so there is nothing to save or load.");

    /// <summary>Reads all these tensors from a file, if it has them and no others.</summary>
    internal static void Load(string path, SafetensorsFile file, IReadOnlyList<(string Name, Tensor Tensor)> state)
    {
        CheckMatches(path, file, state);
        var values = new float[state.Select(s => s.Tensor.Shape.Size).DefaultIfEmpty().Max()];
        foreach (var (name, tensor) in state)
        {
            var part = values.AsSpan(0, tensor.Shape.Size);
            file.Read(file.Find(name)!, part);
            tensor.CopyFrom(part);
        }
    }

    private static void CheckMatches(
        string path, SafetensorsFile file, IReadOnlyList<(string Name, Tensor Tensor)> state)
    {
        var known = state.Select(s => s.Name).ToHashSet();
        var both = state
            .Where(s => file.Find(s.Name) is not null)
            .Select(s => (Ours: s.Tensor.Shape, Theirs: file.Find(s.Name)!))
            .ToArray();
        var surplus = file.Tensors
            .Where(t => !known.Contains(t.Name) && t.Name.Split('.')[^1] != "num_batches_tracked");
        string[] problems =
        [
            .. ListProblems(
                "missing",
                state.Where(s => file.Find(s.Name) is null),
                s => $"{Quote(s.Name)} {s.Tensor.Shape}"),
            .. ListProblems("surplus", surplus, t => $"{Quote(t.Name)} {t.ExtentsText}"),
            .. ListProblems(
                "misshapen",
                both.Where(pair => !pair.Ours.Select(extent => (long)extent).SequenceEqual(pair.Theirs.Extents)),
                pair => $"{Quote(pair.Theirs.Name)} {pair.Theirs.ExtentsText}, expected {pair.Ours}"),
            .. ListProblems(
                $"of a type other than {SafetensorsDtype.ReadableTypes}",
                both.Where(pair => !SafetensorsDtype.IsReadable(pair.Theirs.Dtype)),
                pair => $"{Quote(pair.Theirs.Name)} {pair.Theirs.Dtype}"),
        ];
        if (problems.Length > 0)
            throw new InputException($"'{path}' does not fit the model: {string.Join("; ", problems)}.");
    }

    /// <summary>One text such as "missing: 'a' [2], 'b' [3] and 7 more"; none if there is nothing to list.</summary>
    private static IEnumerable<string> ListProblems<T>(string problem, IEnumerable<T> tensors, Func<T, string> show)
    {
        var all = tensors.ToArray();
        if (all.Length == 0) yield break;
        var more = all.Length > MaxListed ? $" and {all.Length - MaxListed} more" : "";
        yield return $"{problem}: {string.Join(", ", all.Take(MaxListed).Select(show))}{more}";
    }
}

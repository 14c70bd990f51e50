namespace PyNetSharp.Layers;

/// <summary>
/// Saves and loads a model's weights: safetensors with PyTorch's names and shapes, in both directions.
/// </summary>
public static class ModuleSerialization
{
    extension(Module model)
    {
        /// <summary>Writes all parameters and buffers. Equal weights give equal bytes.</summary>
        /// <param name="path">The file, replaced atomically if it exists. Its folder must exist.</param>
        /// <param name="metadata">Additional keys and texts for the file; null for none.</param>
        /// <exception cref="InputException">The file cannot be written.</exception>
        /// <exception cref="InvalidOperationException">The model has no parameters or buffers.</exception>
        public void Save(string path, IReadOnlyDictionary<string, string>? metadata = null) =>
            Safetensors.Save(path, GetState(model), metadata);

        /// <summary>Reads parameters and buffers; elements that are F16, BF16 or F64 are converted.</summary>
        /// <param name="path">A safetensors file.</param>
        /// <param name="strict">
        /// Whether the file must have exactly the tensors of <see cref="Module.State"/>. Otherwise those of equal name
        /// and shape are read, and the others reported; PyTorch's <c>strict=False</c> refuses those of other shapes.
        /// </param>
        /// <param name="prefix">
        /// Only the file's tensors whose names begin with this, without it: <c>"features."</c> to read a part of
        /// another model, <c>"module."</c> for what PyTorch's DataParallel saved.
        /// </param>
        /// <param name="rename">
        /// The model's name for each of the file's, from which the prefix has been taken; null for a tensor that is to
        /// be ignored: <c>name => name.StartsWith("fc2.") ? null : name</c>. Null for the same names.
        /// </param>
        /// <returns>What was loaded and what was not; it prints itself.</returns>
        /// <exception cref="InputException">
        /// The file cannot be read or is not in the format; if <paramref name="strict"/>, it does not fit the model,
        /// and the message names missing and unexpected keys and size mismatches, up to 200 of each; a tensor that
        /// would be loaded is of another type; or two would get the same name. Then the model is unchanged.
        /// </exception>
        /// <exception cref="InvalidOperationException">The model has no parameters or buffers.</exception>
        /// <remarks>
        /// PyTorch's <c>num_batches_tracked</c> is ignored: it is used by training with cumulative averages only, which
        /// no layer here has. Frozen parameters are loaded as well. Needs temporary memory for a copy of what is
        /// loaded, so that a file that cannot be read to its end changes nothing.
        /// </remarks>
        /// <example><code>
        /// var report = model.Load("cifar10.safetensors", strict: false);
        /// Console.WriteLine(report);   // 16 tensors loaded; size mismatch: 'fc.weight' [10, 64], expected [100, 64]
        /// </code></example>
        public LoadReport Load(
            string path, bool strict = true, string prefix = "", Func<string, string?>? rename = null)
        {
            ArgumentNullException.ThrowIfNull(prefix);
            using var file = Safetensors.Open(path);
            return Load(path, file, GetState(model), strict, Rename);

            string? Rename(string name)
            {
                if (!name.StartsWith(prefix, StringComparison.Ordinal)) return null;
                name = name[prefix.Length..];
                return rename is null ? name : rename(name);
            }
        }
    }

    /// <summary>Reads these tensors from a file: all or none.</summary>
    /// <param name="path">The file's path, for messages.</param>
    /// <param name="file">The file.</param>
    /// <param name="state">The tensors and their names.</param>
    /// <param name="strict">Whether the file must have all of them and no others.</param>
    /// <param name="rename">
    /// The names here of the file's tensors, null for those to be ignored; null for the same names.
    /// </param>
    internal static LoadReport Load(
        string path, SafetensorsFile file, IReadOnlyList<(string Name, Tensor Tensor)> state, bool strict = true,
        Func<string, string?>? rename = null)
    {
        var match = new StateMatch(path, file, Shapes(state), rename ?? (name => name));
        match.ThrowIfUnfit(strict);
        var values = match.Matches.Select(pair => new float[pair.Ours.Size]).ToArray();
        foreach (var (pair, part) in match.Matches.Zip(values)) file.Read(pair.Theirs, part);
        var tensors = state.ToDictionary(s => s.Name, s => s.Tensor);
        foreach (var (pair, part) in match.Matches.Zip(values)) tensors[pair.Name].CopyFrom(part);
        return match.ToReport();
    }

    /// <summary>Checks by a file's header that it has exactly these tensors; no elements are read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="shapes">The names and shapes of a model's tensors.</param>
    /// <param name="rename">The model's name of each of the file's; null for a tensor that is ignored.</param>
    /// <exception cref="InputException">It cannot be read, or has others.</exception>
    internal static void Check(
        string path, IReadOnlyList<(string Name, Shape Shape)> shapes, Func<string, string?> rename)
    {
        using var file = Safetensors.Open(path);
        new StateMatch(path, file, shapes, rename).ThrowIfUnfit(strict: true);
    }

    private static (string Name, Shape Shape)[] Shapes(IReadOnlyList<(string Name, Tensor Tensor)> state) =>
        [.. state.Select(s => (s.Name, s.Tensor.Shape))];

    private static IReadOnlyList<(string Name, Tensor Tensor)> GetState(Module model) =>
        model.State() is { Count: > 0 } state
            ? state
            : throw new InvalidOperationException(
                $"{model.GetType().Name} has no parameters or buffers, in no field or property, " +
                "so there is nothing to save or load.");
}

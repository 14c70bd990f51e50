using PyNetSharp.Layers;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary>The modules that a run does not train, as <c>--freeze</c> names them.</summary>
internal static class FrozenModules
{
    /// <summary>The name for all layers but the head, where no module of the network has it.</summary>
    public const string Features = "features";

    /// <summary>The paths of an option's value.</summary>
    /// <exception cref="InputException">One is empty.</exception>
    public static IReadOnlyList<string> Parse(string text)
    {
        var paths = text.Split(',', StringSplitOptions.TrimEntries);
        return paths.Contains("")
            ? throw new InputException($"--freeze '{text}': expected paths of modules with commas between them.")
            : [.. paths.Distinct()];
    }

    /// <summary>Freezes the modules at these paths.</summary>
    /// <param name="model">A model of the network.</param>
    /// <param name="network">The network, whose head is not among its features.</param>
    /// <param name="paths">The paths; none changes nothing.</param>
    /// <param name="origin">Where they come from, for messages: "--freeze".</param>
    /// <exception cref="InputException">There is no module at a path, or nothing is left to train.</exception>
    public static void Freeze(Module model, NetworkDefinition network, IReadOnlyList<string> paths, string origin)
    {
        if (paths.Count == 0) return;
        var modules = model.Descendants().Where(d => d.Path.Length > 0).ToDictionary(d => d.Path, d => d.Module);
        foreach (var path in paths)
        {
            if (modules.TryGetValue(path, out var module)) module.Freeze();
            else if (path == Features) network.FreezeFeatures(model);
            else
            {
                string[] known = modules.ContainsKey(Features) ? [.. modules.Keys] : [.. modules.Keys, Features];
                throw new InputException(
                    $"{origin}: {SpellingSuggestion.UnknownNameMessage("module", path, known)}");
            }
        }

        if (!model.Parameters().Any(parameter => parameter.RequiresGrad))
            throw new InputException(
                $"{origin} {ErrorText.Cut(string.Join(',', paths))}: nothing is left to train.");
    }

    /// <summary>One line: how many parameters are trained, and how many are not.</summary>
    public static string Describe(Module model, IReadOnlyList<string> paths)
    {
        var counts = model.Parameters().ToLookup(p => p.RequiresGrad, p => (long)p.Shape.Size);
        var (count, frozenCount) = (counts[true].Sum(), counts[false].Sum());
        var trained = $"{NumberFormatting.Count(count, "parameter")} {(count == 1 ? "is" : "are")} trained";
        var frozen = $"{NumberFormatting.Count(frozenCount)} {(frozenCount == 1 ? "is" : "are")} frozen";
        return $"{trained}, {frozen} ({string.Join(", ", paths)})";
    }
}

using PyNetSharp.Layers;

namespace PyNetSharp.Train;

/// <summary>Finds the name that was probably meant by a misspelled one, for error messages.</summary>
internal static class SpellingSuggestion
{
    private const int MaxLength = 100;          // of a word that is compared: one from a file may be long

    /// <summary>The name nearest to a word, if one is near enough.</summary>
    /// <param name="word">What was written.</param>
    /// <param name="names">What could have been written.</param>
    /// <returns>
    /// The first of the names with the fewest typing errors, ignoring case, if those are at most one per three letters
    /// (and one in shorter words); failing that the shortest name that begins with the word; otherwise null.
    /// </returns>
    public static string? Find(string word, IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(word);
        ArgumentNullException.ThrowIfNull(names);
        if (word.Length is 0 or > MaxLength) return null;

        var candidates = names.ToArray();
        var limit = Math.Max(1, word.Length / 3);
        var nearest = candidates
            .Where(name => Math.Abs(name.Length - word.Length) <= limit)
            .Select(name => (Name: name, Errors: EditDistance(word, name)))
            .Where(near => near.Errors <= limit && near.Errors < near.Name.Length) // "b" is no misspelt "a"
            .OrderBy(near => near.Errors)
            .FirstOrDefault()
            .Name;
        return nearest ?? candidates
            .Where(name => name.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .MinBy(name => name.Length);
    }

    /// <summary>The standard text for a name that does not exist.</summary>
    /// <param name="kind">What the name should have named, in the singular: "model".</param>
    /// <param name="word">What was written.</param>
    /// <param name="names">The names that exist.</param>
    /// <param name="plural">The plural of <paramref name="kind"/>; null appends an s.</param>
    /// <returns>"unknown model 'nim'; did you mean 'nin'? The models are alexnet, nin."</returns>
    public static string UnknownNameMessage(string kind, string word, IEnumerable<string> names, string? plural = null)
    {
        var known = names.ToArray();
        var question = Find(word, known) is { } near ? $"; did you mean '{near}'?" : ".";
        var all = $"The {plural ?? kind + "s"} are {string.Join(", ", known)}.";
        return $"unknown {kind} {ErrorText.Quote(word)}{question} {all}";
    }

    /// <summary>The Damerau–Levenshtein distance, ignoring case, where no letter is edited twice.</summary>
    /// <returns>The fewest insertions, deletions, substitutions and swaps of neighbors.</returns>
    private static int EditDistance(string from, string to)
    {
        var d = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++) d[i, 0] = i;
        for (var j = 0; j <= to.Length; j++) d[0, j] = j;

        for (var i = 1; i <= from.Length; i++)
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = d[i - 1, j - 1] + (EqualsIgnoreCase(from[i - 1], to[j - 1]) ? 0 : 1);
                d[i, j] = Math.Min(replaced, 1 + Math.Min(d[i - 1, j], d[i, j - 1]));
                var isSwap = i > 1 && j > 1
                    && EqualsIgnoreCase(from[i - 1], to[j - 2]) && EqualsIgnoreCase(from[i - 2], to[j - 1]);
                if (isSwap) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }

        return d[from.Length, to.Length];
    }

    private static bool EqualsIgnoreCase(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}

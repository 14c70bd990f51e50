using System.Globalization;

namespace PyNetSharp.Mutation;

/// <summary>The command line.</summary>
internal sealed record Options(
    string Folder, int Seed, int Workers, IReadOnlyDictionary<string, int> Counts)
{
    public static Options Parse(string[] args)
    {
        var values = args.Chunk(2).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
        var unknown = values.Keys.Except(["--out", "--seed", "--workers", "--faults"]).ToArray();
        if (args.Length % 2 != 0 || unknown.Length > 0 || !values.TryGetValue("--out", out var folder))
            throw new ArgumentException("Expected --out FOLDER [--seed N] [--workers N] [--faults AREA=N,…].");
        var faults = values.GetValueOrDefault("--faults", "Kernels=360,Engine=160,Readers=160");
        return new(
            Path.GetFullPath(folder), Number("--seed", 13), Number("--workers", 2),
            faults.Split(',').Select(text => text.Split('=')).ToDictionary(
                pair => pair[0], pair => int.Parse(pair[1], CultureInfo.InvariantCulture)));

        int Number(string option, int otherwise) =>
            values.TryGetValue(option, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
    }
}

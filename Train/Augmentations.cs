using System.Globalization;
using PyNetSharp.Data;
using PyNetSharp.Models;
using PyNetSharp.Training;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Train;

/// <summary>Random changes of training items, as the command line and <c>config.json</c> list them.</summary>
internal sealed class Augmentations
{
    /// <summary>What an option without a list means: random crop with padding 4, and flips of color images.</summary>
    public const string Standard = "standard";

    /// <summary>Completes "expected …".</summary>
    public const string Expected =
        "a list of flip[=P], crop[=PADDING], rotate[=DEGREES], jitter[=STRENGTH or B:C:S:HUE], cutout[=SIZE], " +
        "randaugment[=N:MAGNITUDE], mixup[=ALPHA] or standard, each once, as in crop=4,flip,rotate=15";

    private const int MaxPixels = 512;

    // Before what uses them: static fields are initialized in this order.
    private static readonly SettingRange Probability = new("above 0 and up to 1", x => x is > 0 and <= 1);
    private static readonly SettingRange Pixels = Whole(1, MaxPixels);
    private static readonly SettingRange Degrees = new("above 0 and up to 180", x => x is > 0 and <= 180);
    private static readonly SettingRange Strength = new("from 0 up", x => x is >= 0 and <= ColorJitter.MaxStrength);
    private static readonly SettingRange Hue = new("from 0 to 0.5", x => x is >= 0 and <= 0.5);
    private static readonly SettingRange Alpha = new("above 0", x => x is > 0 and <= Mixup.MaxAlpha);

    private static readonly Kind[] Kinds =
    [
        new(Standard, []),
        new("flip", [0.5f], Probability),
        new("crop", [4], Pixels),
        new("rotate", [15], Degrees),
        new("jitter", [0.4f, 0.4f, 0.4f, 0], Strength, Strength, Strength, Hue),
        new("cutout", [16], Pixels),
        new("randaugment", [2, 9], Whole(1, RandAugment.MaxOps), Whole(0, RandAugment.Magnitudes - 1)),
        new("mixup", [0.2f], Alpha),
    ];

    private readonly IReadOnlyList<(string Name, float[] Values)> list;

    private Augmentations(IReadOnlyList<(string Name, float[] Values)> list) => this.list = list;

    /// <summary>The names of all kinds.</summary>
    public static IEnumerable<string> Names => Kinds.Select(kind => kind.Name);

    /// <summary>Mixes items and labels; null if the list has no mixup.</summary>
    public Mixup? Mixup => list.FirstOrDefault(entry => entry.Name == "mixup") is { Name: not null } entry
        ? new(entry.Values[0])
        : null;

    /// <summary>Whether items are changed one by one, which needs images.</summary>
    private bool NeedsImages => list.Any(entry => entry.Name != "mixup");

    /// <summary>The changes that a text lists.</summary>
    /// <exception cref="InputException">One is unknown, listed twice, or has a parameter outside its range.</exception>
    public static Augmentations Parse(string text)
    {
        var list = new List<(string Name, float[] Values)>();
        foreach (var part in text.Split(','))
        {
            var entry = ParseOne(part) ?? throw Error();
            if (list.Any(other => other.Name == entry.Name)) throw Error();
            list.Add(entry);
        }

        return new([.. list.OrderBy(entry => entry.Name == "mixup")]);      // which is applied to whole batches

        InputException Error() => new($"augment {Quote(text)}: expected {Expected}.");
    }

    /// <summary>The list with all parameters, which <see cref="Parse"/> reads as the same.</summary>
    public override string ToString() => string.Join(',', list.Select(entry => entry.Values.Length == 0
        ? entry.Name
        : $"{entry.Name}={string.Join(':', entry.Values.Select(x => x.ToString(CultureInfo.InvariantCulture)))}"));

    /// <summary>
    /// The transforms of training items: the list in its order, then what the recipe does to all items.
    /// </summary>
    /// <param name="recipe">That of the run.</param>
    /// <param name="train">All training items.</param>
    /// <exception cref="InputException">The items are no images, or too small.</exception>
    public ITransform CreateTransforms(Recipe recipe, Dataset train)
    {
        if (!NeedsImages) return recipe.CreateTransforms(train);
        var item = train.ItemShape;
        if (item.Rank != 3)
            throw new InputException(
                $"{train.Name} cannot be augmented by {list[0].Name}: its items of shape {item} are no images.");
        return recipe.CreateTransforms(train, [.. list.SelectMany(entry => Create(entry, item, recipe.Mean))]);
    }

    private static IEnumerable<ITransform> Create((string Name, float[] Values) entry, Shape item, float mean)
    {
        var (name, values) = entry;
        var side = Math.Min(item[1], item[2]);
        if (name is "crop" or "cutout" && values[0] >= side)
            throw new InputException(FormattableString.Invariant(
                $"augment {name}={values[0]}: images have {item[1]}×{item[2]} pixels; expected less than {side}."));
        return name switch
        {
            "flip" => [new RandomHorizontalFlip(values[0])],
            "crop" => [new RandomCrop(item[1], item[2], (int)values[0])],
            "rotate" => [new RandomRotation(values[0])],
            "jitter" => [new ColorJitter(values[0], values[1], values[2], values[3])],
            "cutout" => [new Cutout((int)values[0], mean)],
            "randaugment" => [new RandAugment((int)values[0], (int)values[1])],
            "mixup" => [],
            _ => RecipeTransforms.StandardAugmentation(item),
        };
    }

    private static (string Name, float[] Values)? ParseOne(string text)
    {
        var (name, given) = text.Split('=') switch
        {
            [var only] => (only, Array.Empty<string>()),
            [var first, var rest] => (first, rest.Split(':')),
            _ => ("", []),
        };
        if (Array.Find(Kinds, kind => kind.Name == name) is not { } found) return null;
        var values = (float[])found.Defaults.Clone();
        if (given.Length == 0) return (name, values);
        var isStrength = name == "jitter" && given.Length == 1;         // of all but the hue
        if (isStrength) given = [given[0], given[0], given[0]];
        else if (given.Length != values.Length) return null;
        for (var i = 0; i < given.Length; i++)
        {
            var isNumber = float.TryParse(given[i], NumberStyles.Float, CultureInfo.InvariantCulture, out values[i]);
            if (!isNumber || !found.Ranges[i].Contains(values[i])) return null;
        }

        return (name, values);
    }

    private static SettingRange Whole(int least, int most) =>
        new($"a whole number from {least} to {most}", x => x >= least && x <= most && x == Math.Floor(x));

    /// <summary>A kind of change, with the values and ranges of its parameters.</summary>
    private sealed record Kind(string Name, float[] Defaults, params SettingRange[] Ranges);
}

using PyNetSharp.Data;

namespace PyNetSharp.Train;

/// <content>A file of comma-separated values; older files have none of these keys.</content>
internal sealed partial record RunConfig
{
    /// <summary>The column of the classes; null for other data.</summary>
    public string? Label { get; init; }

    /// <summary>As <see cref="CsvFile"/> formats it; null for other data.</summary>
    public string? Separator { get; init; }

    private CsvOptions? ToCsvOptions() => Label is null ? null : new(Label)
    {
        Separator = CsvFile.ParseSeparator(Separator ?? ",") ?? ',',
        TestShare = TestShare ?? PictureFolder.DefaultTestShare,
        Seed = Seed,
    };

    private RunConfig With(CsvOptions? csv) => csv is null
        ? this
        : this with { Label = csv.Label, Separator = CsvFile.FormatSeparator(csv.Separator) };
}

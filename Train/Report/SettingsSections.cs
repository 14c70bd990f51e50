using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace PyNetSharp.Train;

/// <summary>The command that repeats a run, all its settings, and where it ran.</summary>
internal static class SettingsSections
{
    private static readonly string[] OfMachine =
        ["device", "device_model", "driver", "precision", "threads", "started", "resumed", "versions"];

    public static IEnumerable<XElement> All(RunReport report)
    {
        yield return ReportPage.Section(
            "settings", "Settings",
            Html.Tag("p", "muted", "This command repeats the run:"),
            Html.Tag("pre", "command", Html.Attribute("tabindex", 0), Command(report.Config)),
            Html.Tag("details", null, Html.Tag("summary", null, "All settings"), Html.Tag(
                "div", "pairs", Pairs(Read(report.Config).Where(pair => !OfMachine.Contains(pair.Name))))));
        yield return ReportPage.Section("machine", "Machine and versions", Html.Tag(
            "div", "pairs", Pairs(Machine(report.Config))));
    }

    /// <summary>All settings by their names in <c>config.json</c>, as texts.</summary>
    public static IReadOnlyList<(string Name, string Value)> Read(RunConfig config)
    {
        using var stream = new MemoryStream();
        RunConfigFile.Write(stream, config);
        return
        [
            .. JsonNode.Parse(stream.ToArray())!.AsObject().Select(pair => (pair.Key, pair.Value switch
            {
                null => "–",
                JsonValue value => value.ToString(),
                var nested => nested.ToJsonString(),
            })),
        ];
    }

    /// <summary>The command that repeats a run, which is wrapped between its words.</summary>
    public static IEnumerable<object> Command(RunConfig config) =>
        RepeatedCommand.Words(config).SelectMany(word => (object[])[Html.Tag("span", "word", word), " "]);

    private static IEnumerable<(string Name, string Value)> Machine(RunConfig config)
    {
        foreach (var (name, value) in Read(config))
            if (OfMachine.Contains(name) && name is not ("versions" or "resumed") && value != "–")
                yield return (name, value);
        foreach (var (name, value) in config.Versions ?? new Dictionary<string, string?>())
            if (value is not null) yield return (name, value);
        foreach (var resumption in config.Resumed ?? [])
            yield return ("resumed", $"after step {NumberFormatting.Count(resumption.Step)}, {resumption.At}");
    }

    private static XElement Pairs(IEnumerable<(string Name, string Value)> pairs) => Html.Tag(
        "dl", null, pairs.Select(pair => Html.Tag(
            "div", null, Html.Tag("dt", null, pair.Name.Replace('_', ' ')), Html.Tag("dd", null, pair.Value))));
}

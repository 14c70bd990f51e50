using System.Xml.Linq;

namespace PyNetSharp.Train;

/// <summary>The part of a served page that shows each step, with the buttons; the script fills it.</summary>
internal static class LivePanel
{
    private static readonly (string Name, string Title)[] Figures =
    [
        ("epoch", "epoch"), ("step", "step"), ("loss", "loss"), ("accuracy", "accuracy"),
        ("rate", "images/s"), ("left", "time left"),
    ];

    public static XElement Draw() => Html.Tag(
        "header", "live", Html.Attribute("id", "live"), Html.Attribute("data-live", ""),
        Html.Tag(
            "div", "bar", Html.Tag(
                "progress", null, Html.Attribute("id", "live-bar"), Html.Attribute("value", 0),
                Html.Attribute("max", 1), Html.Attribute("aria-label", "steps done")),
            Html.Tag(
                "span", "state", Html.Attribute("id", "live-state"), Html.Attribute("role", "status"), "connecting")),
        Html.Tag("dl", "tiles", Figures.Select(figure => Html.Tag(
            "div", null, Html.Tag("dt", null, figure.Title),
            Html.Tag("dd", null, Html.Attribute("id", $"live-{figure.Name}"), "–")))),
        Html.Tag(
            "div", "buttons", Button("pause", "Pause"), Button("resume", "Resume"), Button("stop", "Stop"),
            Html.Tag("span", "hint", Html.Attribute("id", "live-hint"))));

    private static XElement Button(string action, string text) => Html.Tag(
        "button", null, Html.Attribute("type", "button"), Html.Attribute("id", $"live-{action}"),
        Html.Attribute("data-action", action), Html.Attribute("disabled", ""), text);
}

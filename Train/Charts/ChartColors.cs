namespace PyNetSharp.Train;

/// <summary>The colors of a chart: distinct for color-blind readers and in gray, readable on white.</summary>
internal static class ChartColors
{
    public const string Text = "#1f2937";
    public const string Muted = "#6b7280";
    public const string Axis = "#9ca3af";
    public const string Grid = "#e5e7eb";
    public const string Train = "#ea8a0c";
    public const string Validation = "#0f766e";
    public const string Test = "#1d4ed8";
    public const string Error = "#dc2626";
}

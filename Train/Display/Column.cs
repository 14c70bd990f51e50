namespace PyNetSharp.Train;

/// <summary>A column of a table.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Priority">1 for the most useful. On a narrow terminal, the highest number is omitted first.</param>
/// <param name="IsNumber">Whether it is right-aligned and never wrapped.</param>
internal sealed record Column(string Title, int Priority, bool IsNumber = false);

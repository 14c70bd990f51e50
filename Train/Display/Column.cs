namespace PyNetSharp.Train;

/// <summary>A column of a table.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Priority">1 for the most useful. Where room is short, the column of the highest rank goes first.</param>
/// <param name="IsNumber">Whether it stands to the right and is never broken.</param>
internal sealed record Column(string Title, int Priority, bool IsNumber = false);

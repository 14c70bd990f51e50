namespace PyNetSharp.Data;

/// <summary>The state of a transfer.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Received">Bytes received, including those of an earlier, interrupted transfer.</param>
/// <param name="Size">The file's length in bytes; null if neither the publisher nor the server states it.</param>
public readonly record struct DownloadProgress(string File, long Received, long? Size);

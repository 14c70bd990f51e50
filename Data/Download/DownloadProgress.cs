namespace PyNetSharp.Data;

/// <summary>How far a transfer is.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Received">Bytes that are here, those of an earlier, broken transfer included.</param>
/// <param name="Size">Bytes in all; null where neither the publisher nor the server says.</param>
public readonly record struct DownloadProgress(string File, long Received, long? Size);

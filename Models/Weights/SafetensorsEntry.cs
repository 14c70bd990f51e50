namespace PyNetSharp;

/// <summary>A tensor in a safetensors file.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Type">The format's word for its elements, such as F32.</param>
/// <param name="Shape">Its extents.</param>
/// <param name="Begin">Where its elements begin, in bytes from the beginning of the file's data.</param>
/// <param name="End">Where they end.</param>
public sealed record SafetensorsEntry(string Name, string Type, Shape Shape, long Begin, long End);

namespace PyNetSharp.Tests;

/// <summary>A kernel does what a GPU would do wrong or leaves open, or what the interpreter does not know.</summary>
internal sealed class PtxException(string message) : Exception(message);

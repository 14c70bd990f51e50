namespace PyNetSharp.Tests;

/// <summary>
/// A kernel has an error or undefined behavior, or an instruction that the interpreter does not support.
/// </summary>
internal sealed class PtxException(string message) : Exception(message);

using System.Diagnostics.CodeAnalysis;

namespace PyNetSharp;

/// <summary>The precision in which matrix products and convolutions multiply.</summary>
public enum Precision
{
    /// <summary>Float32, as all other arithmetic.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "It is a type, and nothing else is meant.")]
    Float32,

    /// <summary>
    /// Factors rounded to 10 bits of fraction, summed up in float32, as the tensor cores of CUDA devices do from
    /// compute capability 8.0 on. Faster, and exact to about three digits.
    /// </summary>
    Tf32,
}

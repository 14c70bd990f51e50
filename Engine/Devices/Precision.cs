using System.Diagnostics.CodeAnalysis;

namespace PyNetSharp;

/// <summary>How exactly matrix products and convolutions multiply.</summary>
public enum Precision
{
    /// <summary>In float32, as everything else does.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "It is a type, and nothing else is meant.")]
    Float32,

    /// <summary>
    /// Factors rounded to 10 bits of fraction, summed up in float32, as the tensor cores of CUDA devices do from compute
    /// capability 8.0 on. Faster, and exact to about three digits.
    /// </summary>
    Tf32,
}

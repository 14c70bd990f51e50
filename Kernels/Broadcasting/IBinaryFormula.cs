namespace PyNetSharp.Kernels;

/// <summary>A function of two numbers, along spans of which either may be one number repeated.</summary>
internal interface IBinaryFormula
{
    static abstract float Apply(float a, float b);

    static abstract void Apply(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y);

    static abstract void Apply(ReadOnlySpan<float> a, float b, Span<float> y);

    static abstract void Apply(float a, ReadOnlySpan<float> b, Span<float> y);
}

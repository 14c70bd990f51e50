using ILGPU;

namespace PyNetSharp;

/// <summary>Four neighbouring floats, which a GPU moves at once.</summary>
internal readonly struct Float4(float x, float y, float z, float w)
{
    public readonly float X = x, Y = y, Z = z, W = w;

    /// <summary>This + a·b.</summary>
    public Float4 Plus(float a, Float4 b) => new(X + a * b.X, Y + a * b.Y, Z + a * b.Z, W + a * b.W);

    /// <summary>The four floats from <paramref name="index"/> on, which must be a multiple of 4.</summary>
    public static Float4 Load(ArrayView<float> from, int index) => from.Cast<Float4>()[index >> 2];

    /// <summary>Writes them from <paramref name="index"/> on, which must be a multiple of 4.</summary>
    public void Store(ArrayView<float> to, int index) => to.Cast<Float4>()[index >> 2] = this;
}

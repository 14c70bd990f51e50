using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>Four neighbouring floats, which a GPU moves at once.</summary>
internal readonly struct Float4(float x, float y, float z, float w)
{
    public readonly float X = x, Y = y, Z = z, W = w;

    /// <summary>This + a·b.</summary>
    public Float4 MultiplyAdd(float a, Float4 b) => new(X + a * b.X, Y + a * b.Y, Z + a * b.Z, W + a * b.W);

    /// <summary>Each, or <paramref name="floor"/> where that is larger; a NaN stays, so that a diverging run is seen.</summary>
    public Float4 ClampMin(float floor) => new(
        X <= floor ? floor : X, Y <= floor ? floor : Y, Z <= floor ? floor : Z, W <= floor ? floor : W);

    /// <summary>
    /// The floats from <paramref name="index"/> on, a multiple of 4 for <see cref="Vector4Access"/>; zeros behind the first
    /// <paramref name="count"/>.
    /// </summary>
    public static Float4 Load<TWidth>(ArrayView<float> from, int index, int count) where TWidth : struct, IAccessWidth
    {
        if (TWidth.IsVector4) return count > 0 ? from.Cast<Float4>()[index >> 2] : default;
        return new(
            count > 0 ? from[index] : 0, count > 1 ? from[index + 1] : 0,
            count > 2 ? from[index + 2] : 0, count > 3 ? from[index + 3] : 0);
    }

    /// <summary>
    /// Writes the first <paramref name="count"/> of them from <paramref name="index"/> on, a multiple of 4 for
    /// <see cref="Vector4Access"/>.
    /// </summary>
    public void Store<TWidth>(ArrayView<float> to, int index, int count) where TWidth : struct, IAccessWidth
    {
        if (TWidth.IsVector4)
        {
            if (count > 0) to.Cast<Float4>()[index >> 2] = this;
            return;
        }

        if (count > 0) to[index] = X;
        if (count > 1) to[index + 1] = Y;
        if (count > 2) to[index + 2] = Z;
        if (count > 3) to[index + 3] = W;
    }
}

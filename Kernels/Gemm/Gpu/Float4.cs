using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>Four contiguous floats, which a GPU loads and stores with one instruction.</summary>
internal readonly struct Float4(float x, float y, float z, float w)
{
    public readonly float X = x, Y = y, Z = z, W = w;

    /// <summary>This + a·b.</summary>
    public Float4 MultiplyAdd(float a, Float4 b) => new(X + a * b.X, Y + a * b.Y, Z + a * b.Z, W + a * b.W);

    /// <summary>
    /// Each, or <paramref name="min"/> where that is larger. A NaN stays NaN, so that divergence is not hidden.
    /// </summary>
    public Float4 ClampMin(float min) => new(
        X <= min ? min : X, Y <= min ? min : Y, Z <= min ? min : Z, W <= min ? min : W);

    /// <summary>
    /// The floats from <paramref name="index"/> on, a multiple of 4 for <see cref="VectorAccess"/>; zeros after the
    /// first <paramref name="count"/>.
    /// </summary>
    public static Float4 Load<TAccess>(ArrayView<float> source, int index, int count)
        where TAccess : struct, IGlobalAccess
    {
        if (TAccess.IsVector4) return count > 0 ? source.Cast<Float4>()[index >> 2] : default;
        return new(
            count > 0 ? source[index] : 0, count > 1 ? source[index + 1] : 0,
            count > 2 ? source[index + 2] : 0, count > 3 ? source[index + 3] : 0);
    }

    /// <summary>
    /// Stores the first <paramref name="count"/> of them from <paramref name="index"/> on, a multiple of 4 for
    /// <see cref="VectorAccess"/>.
    /// </summary>
    public void Store<TAccess>(ArrayView<float> target, int index, int count)
        where TAccess : struct, IGlobalAccess
    {
        if (TAccess.IsVector4)
        {
            if (count > 0) target.Cast<Float4>()[index >> 2] = this;
            return;
        }

        if (count > 0) target[index] = X;
        if (count > 1) target[index + 1] = Y;
        if (count > 2) target[index + 2] = Z;
        if (count > 3) target[index + 3] = W;
    }
}

/// <summary>How a kernel accesses contiguous floats: four at once, or one by one.</summary>
internal interface IGlobalAccess
{
    /// <summary>
    /// Whether four at once. Then all extents along which floats are contiguous are multiples of 4, so that the four
    /// floats from a multiple of 4 on are all valid or all outside.
    /// </summary>
    static abstract bool IsVector4 { get; }
}

internal readonly struct VectorAccess : IGlobalAccess
{
    static bool IGlobalAccess.IsVector4 => true;

    /// <summary>Whether these extents allow it.</summary>
    public static bool Fits(int a, int b) => a % 4 == 0 && b % 4 == 0;
}

internal readonly struct ScalarAccess : IGlobalAccess
{
    public static bool IsVector4 => false;
}

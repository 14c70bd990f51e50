using System.Text;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Data;

/// <summary>What has a state that a pickle sets after its construction.</summary>
internal interface IPickledState
{
    /// <exception cref="FormatException">It is not a state of this kind.</exception>
    void SetState(object?[] state);
}

/// <summary>An array of numpy.</summary>
internal sealed class PickledArray : IPickledState
{
    /// <summary>Its extents; none before the state is set.</summary>
    public IReadOnlyList<long> Shape { get; private set; } = [];

    /// <summary>Its elements, row-major.</summary>
    public byte[] Bytes { get; private set; } = [];

    /// <summary>Takes (version, shape, type, whether column-major, bytes).</summary>
    /// <exception cref="FormatException">The elements are no bytes, or not as many as the shape says.</exception>
    public void SetState(object?[] state)
    {
        if (state is not [long, object?[] shape, PickledType type, bool isColumnMajor, byte[] bytes])
            throw new FormatException("a state that is none of an array");
        if (!type.IsByte) throw new FormatException($"an array of type {Quote(type.Code)}; expected bytes (u1)");
        if (isColumnMajor && shape.Length > 1) throw new FormatException("an array in column-major order");
        var extents = shape.Select(extent => extent is >= 0L and long n ? n : -1).ToArray();
        Int128 size = 1;
        foreach (var extent in extents)
            if (extent < 0 || (size *= extent) > int.MaxValue)
                throw new FormatException("an array with an extent that is none");
        if (size != bytes.Length)
            throw new FormatException($"{bytes.Length} bytes for an array of shape ({string.Join(", ", extents)})");
        (Shape, Bytes) = (extents, bytes);
    }
}

/// <summary>The type of an array's elements.</summary>
/// <param name="code">As numpy writes it: u1.</param>
internal sealed class PickledType(string code) : IPickledState
{
    public string Code => code;

    public bool IsByte => code is "u1" or "|u1";

    /// <summary>Byte order, fields and alignment, which single bytes have not.</summary>
    public void SetState(object?[] state)
    {
    }
}

/// <summary>A function or a class that a pickle names.</summary>
internal sealed record Global(string Module, string Name)
{
    /// <summary>The result of a call of one of the three that make arrays.</summary>
    /// <exception cref="FormatException">It is another one, which is not called.</exception>
    public object Call(object?[] arguments) => (Module, Name) switch
    {
        ("numpy.core.multiarray" or "numpy._core.multiarray", "_reconstruct")
            when arguments is [Global { Module: "numpy", Name: "ndarray" }, ..] => new PickledArray(),
        ("numpy", "dtype") when arguments is [var code, ..] && PickleReader.Text(code) is { Length: < 100 } text =>
            new PickledType(text),
        ("_codecs", "encode") when arguments is [string text, var code] && PickleReader.Text(code) is "latin1" =>
            ToBytes(text),
        _ => throw new FormatException($"a call of {Quote($"{Module}.{Name}")}, which is not part of data"),
    };

    private static byte[] ToBytes(string text)
    {
        foreach (var c in text)
            if (c > 0xFF)
                throw new FormatException("bytes with a character beyond 255");
        return Encoding.Latin1.GetBytes(text);
    }
}

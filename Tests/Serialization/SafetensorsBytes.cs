using System.Text;

namespace PyNetSharp.Tests;

/// <summary>Bytes of safetensors files, valid and invalid.</summary>
internal static class SafetensorsBytes
{
    /// <summary>A file of a header, with its correct length before it, and data.</summary>
    public static byte[] Of(string header, params byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. data];
    }

    /// <summary>
    /// A valid file with every type that can be read, one that cannot, a scalar, an empty tensor and metadata.
    /// </summary>
    public static byte[] Sample() => Of(
        """
        {"__metadata__":{"format":"pt","epoch":"3"},
        "features.0.weight":{"dtype":"F32","shape":[2,1,1,3],"data_offsets":[0,24]},
        "features.0.bias":{"dtype":"F16","shape":[2],"data_offsets":[24,28]},
        "running_mean":{"shape":[3],"dtype":"BF16","data_offsets":[28,34]},
        "empty":{"dtype":"F32","shape":[0,5],"data_offsets":[34,34]},
        "half\u002dway":{"dtype":"F64","shape":[],"data_offsets":[34,42]},
        "num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[42,50]}}
        """.Replace("\n", "", StringComparison.Ordinal) + "  ",
        [
            .. Floats(1, -2, 0.5f, 1e-40f, float.NaN, float.PositiveInfinity),
            0x00, 0x3C, 0xFF, 0xFB,                             // halves 1 and −65504
            0x80, 0x3F, 0x40, 0xC0, 0x80, 0x7F,                 // bfloats 1, −3 and ∞
            .. BitConverter.GetBytes(Math.PI),
            .. BitConverter.GetBytes(390L),
        ]);

    /// <summary>The bytes of little-endian floats.</summary>
    public static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}

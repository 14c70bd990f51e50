namespace PyNetSharp.Data;

/// <summary>The checksum of ZIP archives, which .NET does not verify when it reads one.</summary>
/// <seealso href="https://www.rfc-editor.org/rfc/rfc1952#section-8">RFC 1952, section 8</seealso>
internal struct Crc32()
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(i => Remainder((uint)i))];

    private uint state = uint.MaxValue;

    /// <summary>The checksum of all bytes so far.</summary>
    public readonly uint Value => ~state;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes) state = Table[(byte)(state ^ b)] ^ (state >> 8);
    }

    private static uint Remainder(uint value)
    {
        for (var bit = 0; bit < 8; bit++) value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ 0xEDB88320;
        return value;
    }
}

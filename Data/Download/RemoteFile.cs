using System.Security.Cryptography;

namespace PyNetSharp.Data;

/// <summary>A published file: where it can be had, and how to know that it is the right one.</summary>
/// <param name="Name">What it is called here.</param>
/// <param name="Size">Its length in bytes, where that is published; the digest decides in any case.</param>
/// <param name="Digest">What it must hash to, in hexadecimal.</param>
/// <param name="Algorithm">SHA-256, or what its publishers use.</param>
/// <param name="Addresses">Where it is served, in the order to try.</param>
public sealed record RemoteFile(
    string Name, long? Size, string Digest, HashAlgorithmName Algorithm, params IReadOnlyList<Uri> Addresses)
{
    /// <summary>
    /// Whether it is an archive to be unpacked, by the end of its name: <c>.tar.gz</c> or <c>.zip</c>.
    /// </summary>
    public bool IsArchive =>
        Name.EndsWith(".tar.gz", StringComparison.Ordinal) || Name.EndsWith(".zip", StringComparison.Ordinal);
}

using System.Security.Cryptography;

namespace PyNetSharp.Data;

/// <summary>A published file: its addresses, and the digest by which its content is verified.</summary>
/// <param name="Name">The name under which it is stored.</param>
/// <param name="Size">Its length in bytes, or null if that is not published.</param>
/// <param name="Digest">The hash of its content, in lower-case hexadecimal.</param>
/// <param name="Algorithm">The hash algorithm: SHA-256, or the one that its publishers use.</param>
/// <param name="Addresses">Its URLs, in the order in which they are tried.</param>
public sealed record RemoteFile(
    string Name, long? Size, string Digest, HashAlgorithmName Algorithm, params IReadOnlyList<Uri> Addresses)
{
    /// <summary>
    /// Whether it is an archive to be extracted, by the end of its name: <c>.tar.gz</c> or <c>.zip</c>.
    /// </summary>
    public bool IsArchive =>
        Name.EndsWith(".tar.gz", StringComparison.Ordinal) || Name.EndsWith(".zip", StringComparison.Ordinal);
}

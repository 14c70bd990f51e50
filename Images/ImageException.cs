namespace PyNetSharp.Images;

/// <summary>A file is no image, a damaged one, or one that is too large.</summary>
/// <param name="path">The file.</param>
/// <param name="message">Names it, and says what is wrong.</param>
public sealed class ImageException(string path, string message) : InputException(message)
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;
}

namespace PyNetSharp.Tests;

/// <summary>A temporary folder for a test, deleted at its end.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("pynetsharp-");

    /// <summary>The folder's full name.</summary>
    public string Name => folder.FullName;

    /// <summary>The full name of a file in it.</summary>
    public string this[string file] => Path.Combine(folder.FullName, file);

    public void Dispose() => folder.Delete(recursive: true);
}

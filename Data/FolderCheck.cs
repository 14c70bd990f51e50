namespace PyNetSharp.Data;

/// <summary>Explains why a path cannot be used as a data folder.</summary>
internal static class FolderCheck
{
    /// <summary>The problem, such as "is a file; expected a folder"; null if the folder can be read.</summary>
    /// <param name="path">The path to check.</param>
    /// <param name="mayBeMissing">Whether a path that does not exist is no problem.</param>
    public static string? FindProblem(string path, bool mayBeMissing = false)
    {
        try
        {
            if (!File.GetAttributes(path).HasFlag(FileAttributes.Directory)) return FileProblem(path);
            // Without the right to list it files would seem missing.
            _ = Directory.EnumerateFileSystemEntries(path).Any();
            return null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return mayBeMissing ? null : "does not exist";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"cannot be read: {e.Message.TrimEnd('.')}";
        }
    }

    private static string FileProblem(string path) =>
        new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true) is { Exists: false } target
            ? $"is a link to '{target.FullName}', which does not exist"
            : "is a file; expected a folder";
}

namespace PyNetSharp.Data;

/// <summary>Says why a path cannot serve as a folder of data.</summary>
internal static class FolderCheck
{
    /// <summary>What is wrong, such as "is a file; expected a folder"; null if files can be looked for in it.</summary>
    /// <param name="path">What should be a folder.</param>
    /// <param name="mayBeMissing">Whether it is no fault that nothing has that name.</param>
    public static string? FindProblem(string path, bool mayBeMissing = false)
    {
        try
        {
            if (!File.GetAttributes(path).HasFlag(FileAttributes.Directory)) return FileProblem(path);
            _ = Directory.EnumerateFileSystemEntries(path).Any();       // else files would seem to be missing
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

namespace PyNetSharp.Data;

/// <summary>A path as a user writes it.</summary>
public static class UserPath
{
    private const char Home = '~';

    /// <summary>The path, with the home folder in place of a <c>~</c> at its beginning, as in shells.</summary>
    /// <exception cref="InputException">It begins with another user's home, or there is no home folder.</exception>
    public static string Expand(string path)
    {
        if (!path.StartsWith(Home)) return path;
        if (path.Length > 1 && path[1] != Path.DirectorySeparatorChar && path[1] != Path.AltDirectorySeparatorChar)
            throw new InputException(
                $"'{path}' begins with the home folder of a user by name, which is not looked up; write the folder " +
                $"out, or '.{Path.DirectorySeparatorChar}{path}' for what is so named here.");

        const Environment.SpecialFolderOption AsItIs = Environment.SpecialFolderOption.DoNotVerify;
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, AsItIs);
        return home.Length > 0 ? home + path[1..] : throw new InputException($"'{path}': there is no home folder.");
    }
}

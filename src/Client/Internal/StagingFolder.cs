namespace AtomikD.Client.Internal;

/// <summary>Makes and removes entries of a staging folder.</summary>
internal static class StagingFolder
{
    public static string MakeFolder(string staging, string route) => Make(staging, route, path =>
    {
        // Or the missing folders above it would be made too.
        if (!Directory.Exists(staging))
            throw new DirectoryNotFoundException();
        Directory.CreateDirectory(path);
        return path;
    });

    public static FileStream MakeFile(string staging, string route) => Make(staging, route, path => new FileStream(path, new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.ReadWrite,
        Share = FileShare.Read,
        Options = FileOptions.Asynchronous,
    }));

    /// <summary>
    /// Removes an item for good. It is renamed first, to a name that the daemon never takes: a commit that is still on its way
    /// gets all of it or nothing.
    /// </summary>
    /// <returns>What could not be removed is still there.</returns>
    public static Exception? Remove(string path)
    {
        try
        {
            string away = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.gone");
            if (Directory.Exists(path))
            {
                Directory.Move(path, away);
                Directory.Delete(away, recursive: true);
            }
            else if (File.Exists(path))
            {
                File.Move(path, away);
                File.Delete(away);
            }
            return null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null; // A commit was faster.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e;
        }
    }

    private static T Make<T>(string staging, string route, Func<string, T> make)
    {
        string path = Path.Combine(staging, RequestIds.NewStagedName(route));
        try
        {
            return make(path);
        }
        catch (DirectoryNotFoundException e)
        {
            throw new StagingNotFoundException($"The staging folder {staging} of route {route} is not here.", e)
            {
                Hint = $"In a container, mount it and say where: StagingPaths[\"{route}\"]. Where the file system is not shared, upload.",
            };
        }
        catch (UnauthorizedAccessException e)
        {
            throw new AtomikException(AtomikReason.NotPermitted, $"Nothing can be made in the staging folder {staging} of route {route}: {e.Message}", e)
            {
                Hint = "Give this user the right to write there.",
            };
        }
        catch (IOException e)
        {
            throw new AtomikException(AtomikReason.IoError, $"Nothing can be made in the staging folder {staging} of route {route}: {e.Message}", e);
        }
    }
}

/// <summary>The folder may have moved: it is looked up anew, once.</summary>
internal sealed class StagingNotFoundException : AtomikException
{
    public StagingNotFoundException()
    {
    }

    public StagingNotFoundException(string message)
        : base(message)
    {
    }

    public StagingNotFoundException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

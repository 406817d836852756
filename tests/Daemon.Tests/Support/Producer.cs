using System.Text;

namespace AtomikD.Support;

/// <summary>Writes as producers do, with no sync.</summary>
internal static class Producer
{
    /// <summary>
    /// Writes a new file, and the folders above it where they are missing. Not by File.WriteAllText: it truncates the file that
    /// it has just made, which has ext4 write the contents out at close, and a power cut would find them.
    /// </summary>
    public static string Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    public static string Write(string path, ReadOnlySpan<byte> contents)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path);
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        file.Write(contents);
        return path;
    }
}

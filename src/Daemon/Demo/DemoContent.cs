using System.Runtime.InteropServices;
using System.Text;

namespace AtomikD.Demo;

/// <summary>One file of a version.</summary>
/// <param name="Path">Relative to the version's root.</param>
/// <param name="Length">In bytes.</param>
internal readonly record struct DemoFile(string Path, int Length);

/// <summary>
/// What a version of the demo's folder is made of. Every name, length and byte follows from the version's number, so that
/// whoever reads one can tell whether all of it is there and nothing of another.
/// </summary>
internal static class DemoContent
{
    /// <summary>The file that a reader opens first to learn the version.</summary>
    public const string First = "index.html";

    private const ulong Golden = 0x9E3779B97F4A7C15;

    private static readonly (string Path, int Smallest, int Spread)[] s_files =
    [
        (First, 2_000, 6_000),
        ("about/index.html", 1_000, 3_000),
        ("css/print.css", 100, 400),
        ("css/site.css", 8_000, 4_000),
        ("data/feed.json", 500, 20_000),
        ("img/logo.svg", 300, 2_000),
        ("img/photos/1.jpg", 20_000, 40_000),
        ("img/photos/2.jpg", 30_000, 40_000),
        ("img/photos/3.jpg", 70_000, 20_000),
        ("js/vendor.js", 24_000, 16_000),
    ];

    /// <summary>The files that every version has.</summary>
    public static IReadOnlyList<string> LastingPaths { get; } = [.. s_files.Select(file => file.Path)];

    /// <summary>All files of a version; one has the version in its name.</summary>
    public static List<DemoFile> FilesOf(long version)
    {
        List<DemoFile> files = [.. s_files.Select(file => new DemoFile(file.Path, LengthOf(version, file)))];
        files.Add(new DemoFile($"js/app.{version}.js", 4_000 + (int)(version * 7 % 5_000)));
        return files;
    }

    /// <summary>The length of a file that every version has; -1 where there is none of that name.</summary>
    public static int LengthOf(long version, string path) => LengthOf(version, Array.Find(s_files, file => file.Path == path));

    /// <summary>The entries of each folder of a version, the root's under the empty name.</summary>
    public static Dictionary<string, HashSet<string>> FoldersOf(long version)
    {
        var folders = new Dictionary<string, HashSet<string>> { [""] = [] };
        foreach (DemoFile file in FilesOf(version))
        {
            for (string path = file.Path; path.Length > 0;)
            {
                string folder = Path.GetDirectoryName(path)!;
                if (!folders.TryGetValue(folder, out HashSet<string>? names))
                    folders.Add(folder, names = []);
                names.Add(Path.GetFileName(path));
                path = folder;
            }
        }
        return folders;
    }

    /// <summary>Writes all files of a version.</summary>
    public static void Write(long version, string folder)
    {
        foreach (DemoFile file in FilesOf(version))
        {
            string path = Path.Combine(folder, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var bytes = new byte[file.Length];
            Fill(version, file.Path, 0, bytes);
            File.WriteAllBytes(path, bytes);
        }
    }

    /// <summary>The bytes of a file from an offset on, which must be a multiple of 8.</summary>
    public static void Fill(long version, string path, long offset, Span<byte> bytes)
    {
        ulong seed = Seed(version, path);
        ulong word = (ulong)offset / 8;
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (int i = 0; i < words.Length; i++)
            words[i] = Mix(seed + (++word * Golden));
        int filled = words.Length * 8;
        if (filled < bytes.Length)
        {
            ulong last = Mix(seed + (++word * Golden));
            MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(ref last))[..(bytes.Length - filled)].CopyTo(bytes[filled..]);
        }
        if (offset == 0)
        {
            byte[] head = Encoding.UTF8.GetBytes($"version {version} of {path}\n");
            head.AsSpan(0, Math.Min(head.Length, bytes.Length)).CopyTo(bytes);
        }
    }

    /// <summary>The version that a file says it is of; null where it does not begin as a file of the demo does.</summary>
    public static long? VersionIn(ReadOnlySpan<byte> start)
    {
        ReadOnlySpan<byte> word = "version "u8;
        return start.StartsWith(word) && System.Buffers.Text.Utf8Parser.TryParse(start[word.Length..], out long version, out _) ? version : null;
    }

    private static int LengthOf(long version, (string Path, int Smallest, int Spread) file) =>
        file.Path is null ? -1 : file.Smallest + (int)(Mix(Seed(version, file.Path)) % (ulong)file.Spread);

    private static ulong Seed(long version, string path)
    {
        ulong hash = 0xCBF29CE484222325 ^ (ulong)version;
        foreach (char c in path)
            hash = (hash ^ c) * 0x100000001B3;
        return Mix(hash);
    }

    /// <summary>The finalizer of splitmix64: neighbouring inputs have nothing in common afterwards.</summary>
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}

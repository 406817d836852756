using System.Collections.Concurrent;
using AtomikD.Linux;
using Xunit;

namespace AtomikD.Support;

/// <summary>
/// A file system of the test's own on a loop device, with a power switch. Everything lies in one folder of the system's
/// temporary folder, named after this process; what a killed run left is unmounted and removed by the next one.
/// </summary>
internal sealed partial class LoopDisk : IDisposable
{
    private const string Prefix = "atomikd-disk";
    private static readonly ConcurrentDictionary<string, Lazy<string?>> s_whyNot = new(StringComparer.Ordinal);
    private static readonly Lock s_attaching = new();
    private static readonly Lazy<bool> s_swept = new(Sweep);

    private readonly string _home;
    private int _copies;

    private LoopDisk(string type, int sizeMiB)
    {
        Type = type;
        _home = OwnedName.Make(System.IO.Path.GetTempPath(), Prefix);
        Image = System.IO.Path.Combine(_home, "image");
        Path = System.IO.Path.Combine(_home, "mnt");
        Directory.CreateDirectory(Path);
        // Unmounting reaches other mount namespaces (BootSeam's children, for one) only below a shared mount.
        Command.Run("mount", "--bind", _home, _home).Check();
        Command.Run("mount", "--make-shared", _home).Check();
        using (FileStream image = File.Create(Image))
            image.SetLength(Math.Max(sizeMiB, SmallestMiB(type)) * 1024L * 1024);
        Command.Run($"mkfs.{type}", [.. FormatOptions(type), Image]).Check();
    }

    /// <summary>ext4, xfs or btrfs.</summary>
    public string Type { get; }

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    /// <summary>The backing file.</summary>
    public string Image { get; private set; }

    /// <summary>The loop device of the latest mount.</summary>
    public string Device { get; private set; } = "";

    /// <summary>A path on the disk.</summary>
    public string this[string relative] => System.IO.Path.Combine(Path, relative);

    /// <summary>Why there can be no such disk here, or null. The first answer for a type comes from trying it.</summary>
    public static string? WhyNot(string type) => s_whyNot.GetOrAdd(type, t => new Lazy<string?>(() => Try(t))).Value;

    /// <summary>A mounted disk of at least that size, and never less than its type needs.</summary>
    public static LoopDisk Create(string type, int sizeMiB = 0)
    {
        _ = s_swept.Value;
        var disk = new LoopDisk(type, sizeMiB);
        try
        {
            disk.Mount();
            return disk;
        }
        catch
        {
            disk.Dispose();
            throw;
        }
    }

    /// <summary>The disk, or the test is skipped with the reason.</summary>
    public static LoopDisk CreateOrSkip(string type, int sizeMiB = 0)
    {
        string? reason = WhyNot(type);
        Assert.SkipWhen(reason is not null, reason ?? "");
        return Create(type, sizeMiB);
    }

    /// <summary>The file system's root, open for the system calls. Close it before the disk is unmounted or cut.</summary>
    public Fd Open() => TempFolder.OpenFolder(Path);

    public string Write(string relative, string text) => Producer.Write(this[relative], text);

    public void Mount(bool readOnly = false, bool anotherLoop = false)
    {
        string before = Device;
        lock (s_attaching)
        {
            Device = Attach(Image);
            if (anotherLoop && Device == before)
            {
                string next = Attach(Image);
                Command.Run("losetup", "--detach", Device).Check();
                Device = next;
            }
        }
        CommandResult mounted = Command.Run("mount", "-t", Type, "-o", readOnly ? "ro" : "rw", Device, Path);
        // A namespace that another test has made meanwhile holds the file system for a moment longer, and xfs is mounted once.
        if (Type == "xfs")
            Eventually.Becomes(() => mounted.Succeeded || (mounted = Command.Run("mount", "-t", Type, "-o", readOnly ? "ro" : "rw", Device, Path)).Succeeded, TimeSpan.FromSeconds(20));
        // From here the device goes when the file system does; it is mounted and so stays.
        Command.Run("losetup", "--detach", Device);
        mounted.Check();
    }

    /// <summary>A lazy unmount leaves holders with what they hold.</summary>
    public void Unmount(bool lazy = false, TimeSpan? patience = null)
    {
        if (lazy)
        {
            Command.Run("umount", "--lazy", Path).Check();
            return;
        }
        Mounts.Unmount(Path, patience);
        if (Type == "btrfs")
            Command.Run("btrfs", "device", "scan", "--forget", Device);
    }

    /// <summary>Changes the mounted file system to read-only and back.</summary>
    public void Remount(bool readOnly) => Command.Run("mount", "-o", readOnly ? "remount,ro" : "remount,rw", Path).Check();

    /// <summary>
    /// The power fails: what was not synced is gone, and the disk is mounted again. Whoever has files open on it must be dead
    /// before. With another loop device the file system also gets another device number, as after a reboot.
    /// </summary>
    public void Cut(bool anotherLoop = false)
    {
        CutOnly();
        Mount(anotherLoop: anotherLoop);
    }

    /// <summary>The power fails, and the disk stays away until <see cref="Mount"/>.</summary>
    public void CutOnly()
    {
        if (Type == "btrfs")
        {
            CutByCopy();
            return;
        }
        Shutdown();
        Unmount();
    }

    /// <summary>
    /// Only the moment of the cut, for a disk that is still in use: from here every write to it fails. Kill its users, then
    /// <see cref="Cut"/> goes on. ext4 and xfs only.
    /// </summary>
    public void Shutdown()
    {
        using Fd root = Open();
        Errno error = Native.Shutdown(root);
        if (error != Errno.None)
            throw new IOException($"shutdown of {Path}: {error.Describe()}");
    }

    public void Dispose()
    {
        TakeDown(_home);
        if (Type == "btrfs" && Device.Length > 0)
            Command.Run("btrfs", "device", "scan", "--forget", Device);
    }

    // btrfs knows no shutdown. Its image as it is at this moment holds exactly what it has written out.
    private void CutByCopy()
    {
        string copy = System.IO.Path.Combine(_home, $"image.{++_copies}");
        Command.Run("cp", "--sparse=always", "--reflink=auto", Image, copy).Check();
        Unmount();
        File.Delete(Image);
        Image = copy;
    }

    private static string Attach(string image)
    {
        CommandResult? last = null;
        // Between finding a free device and taking it another process may be faster.
        for (int attempt = 0; attempt < 10; attempt++)
        {
            last = Command.Run("losetup", "--find", "--show", image);
            if (last.Succeeded)
                break;
        }
        return last!.Check();
    }

    private static string[] FormatOptions(string type) => type switch
    {
        // No blocks kept back for root, and no thread that goes on formatting after the mount.
        "ext4" => ["-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard"],
        "xfs" => ["-q", "-f", "-K"],
        "btrfs" => ["-q", "-f", "-K"],
        _ => throw new ArgumentException($"unknown file system {type}", nameof(type)),
    };

    private static int SmallestMiB(string type) => type switch
    {
        "xfs" => 320,
        "btrfs" => 256,
        _ => 64,
    };

    private static string? Try(string type)
    {
        if (!Native.IsRoot)
            return "needs root for a loop device";
        if (!File.Exists("/dev/loop-control"))
            return "no loop devices here";
        if (Command.WhyNot("losetup", "mount", "umount", $"mkfs.{type}") is string missing)
            return missing;
        try
        {
            Create(type).Dispose();
            return null;
        }
        catch (InvalidOperationException error)
        {
            return $"no {type} on a loop device here: {error.Message.ReplaceLineEndings(" ")}";
        }
    }

    private static bool Sweep()
    {
        foreach (string home in OwnedName.Leftovers(System.IO.Path.GetTempPath(), Prefix))
            TakeDown(home);
        return true;
    }

    private static void TakeDown(string home)
    {
        // The disk, what tests have mounted below, and the shared mount of the folder on itself.
        for (int mounts = 0; mounts < 8 && !Command.Run("umount", "--recursive", home).Succeeded; mounts++)
            if (!Command.Run("umount", "--lazy", "--recursive", home).Succeeded)
                break;
        // Killed between attaching and mounting.
        foreach (string image in Directory.Exists(home) ? Directory.EnumerateFiles(home) : [])
            foreach (string line in Command.Run("losetup", "--associated", image).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                Command.Run("losetup", "--detach", line[..line.IndexOf(':', StringComparison.Ordinal)]);
        TempFolder.Remove(home);
    }
}

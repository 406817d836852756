using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Staging;

/// <summary>What a producer does and sees, beyond the everyday: names that are no text, kinds that are no items.</summary>
internal static unsafe partial class Drop
{
    private static readonly string[] s_keys = ["at", "hint", "item", "message", "name", "reason", "retryable", "route"];

    private static readonly HashSet<Reason> s_retryable =
        [Reason.Busy, Reason.ItemBusy, Reason.NoSpace, Reason.Interrupted, Reason.ItemNotFound, Reason.VersionMismatch, Reason.Held];

    [LibraryImport("libc", SetLastError = true)]
    private static partial int linkat(int oldFolder, byte* oldName, int newFolder, byte* newName, int flags);

    /// <summary>A path in staging whose last part need not be text.</summary>
    public static Name At(this EngineHarness harness, Name name) => Name.Of(Encoding.UTF8.GetBytes(harness.Staging + "/"), name.Bytes);

    public static bool Exists(Name path) => Stat.StatAt(Fd.Cwd, path, out _) == Errno.None;

    public static FileStatus StatusOf(string path)
    {
        Assert.Equal(Errno.None, Stat.StatAt(Fd.Cwd, Name.Of(path), out FileStatus status));
        return status;
    }

    public static void WriteFile(Name path, ReadOnlySpan<byte> contents)
    {
        Assert.Equal(Errno.None, Fcntl.Open(path, Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_TRUNC, 0x1A4, out Fd file));
        using (file)
            Assert.Equal(Errno.None, Unistd.WriteAll(file, contents));
    }

    /// <summary>A new file, or one that stands, without the lock by which .NET keeps its own readers out.</summary>
    public static FileStream OpenForWriting(string path) => new(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);

    public static byte[]? TryRead(Name path)
    {
        if (Fcntl.Open(path, Fcntl.O_RDONLY | Fcntl.O_NOFOLLOW, 0, out Fd file) != Errno.None)
            return null;
        using Fd closing = file;
        byte[] text = new byte[64 * 1024];
        return Unistd.Read(file, text, out int length) == Errno.None ? text[..length] : null;
    }

    /// <summary>A FIFO, a socket or (for root) a device: <paramref name="type"/> is one of S_IF….</summary>
    public static void MakeNode(string path, uint type) =>
        Assert.Equal(Errno.None, Stat.MknodAt(Fd.Cwd, Name.Of(path), type | 0x1B6, type == Stat.S_IFCHR ? 0x103UL : 0));

    public static void HardLink(string from, string to) =>
        Assert.Equal(Errno.None, Unistd.LinkAt(Fd.Cwd, Name.Of(from), Fd.Cwd, Name.Of(to)));

    /// <summary>Gives a file that has no name one.</summary>
    public static void LinkOpenFile(Fd file, string path)
    {
        fixed (byte* from = Name.Of($"/proc/self/fd/{file.Number}"))
        fixed (byte* to = Name.Of(path))
            Assert.Equal(0, linkat(Fcntl.AT_FDCWD, from, Fcntl.AT_FDCWD, to, Fcntl.AT_SYMLINK_FOLLOW));
    }

    public static void Chmod(string path, uint mode)
    {
        Assert.Equal(Errno.None, Fcntl.Open(Name.Of(path), Fcntl.O_RDONLY, 0, out Fd file));
        using (file)
            Assert.Equal(Errno.None, Stat.FChmod(file, mode));
    }

    public static void Chown(string path, uint uid) => Assert.Equal(Errno.None, Unistd.FChownAt(Fd.Cwd, Name.Of(path), uid, uid));

    /// <summary>Sets the times of a file that stands, like touch, which raises no event that a watcher of contents hears.</summary>
    public static void Touch(string path) => File.SetLastWriteTimeUtc(path, TimeProvider.System.GetUtcNow().UtcDateTime);

    /// <summary>Everything about an item that must be the same after a refusal: who it is, whose, what it holds.</summary>
    public static string Snapshot(string path)
    {
        var text = new StringBuilder();
        Describe(path, "", text);
        return text.ToString();
    }

    private static void Describe(string path, string relative, StringBuilder text)
    {
        FileStatus status = StatusOf(path);
        string contents = status.IsFile ? Convert.ToHexString(SHA256.HashData(TryReadAll(path)))
            : status.IsSymlink ? new FileInfo(path).LinkTarget!
            : "";
        text.Append(CultureInfo.InvariantCulture, $"{relative} {status.Inode} {status.Mode:x} {status.Uid} {status.Gid} {status.Size} {status.Modified} {contents}\n");
        if (!status.IsFolder)
            return;
        foreach (string child in Directory.EnumerateFileSystemEntries(path).Order(StringComparer.Ordinal))
            Describe(child, $"{relative}/{Path.GetFileName(child)}", text);
    }

    private static byte[] TryReadAll(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Waits for the answer to a marker whose name need not be text.</summary>
    public static Receipt WaitFor(this EngineHarness harness, Name item)
    {
        Eventually.True(() => !Exists(harness.At(item.With(".ready"u8))), $"the marker of {item} goes");
        byte[]? done = TryRead(harness.At(item.With(".done"u8)));
        byte[]? failed = TryRead(harness.At(item.With(".failed"u8)));
        Assert.True(done is null != failed is null, $"{item}: one receipt, and only one");
        return new Receipt(done is not null, JsonDocument.Parse(done ?? failed!).RootElement);
    }

    /// <summary>
    /// The marker was refused with this reason; the receipt is complete, has these words in its message, and says that the
    /// item is where it really is.
    /// </summary>
    public static Receipt Refused(this EngineHarness harness, string item, Reason reason, params string[] words)
    {
        harness.WaitFor(Name.Of(item));
        return harness.Refused(Name.Of(item), reason, EngineHarness.ExistsNoFollow(harness.Staged(item)) ? harness.Staged(item) : null, words);
    }

    public static Receipt Refused(this EngineHarness harness, Name item, Reason reason, string? itemIsAt, params string[] words)
    {
        Receipt receipt = harness.WaitFor(item);
        Assert.False(receipt.Succeeded, receipt.ToString());
        Assert.Equal(s_keys, receipt.Json.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal));
        Assert.Equal(reason.WireName(), receipt.Reason);
        Assert.Equal(s_retryable.Contains(reason), receipt.Json.GetProperty("retryable").GetBoolean());
        Assert.Equal("site", receipt.Json.GetProperty("route").GetString());
        Assert.All(words, word => Assert.Contains(word, receipt.Message, StringComparison.Ordinal));
        Assert.NotEmpty(receipt.Hint);
        TimeSpan age = TimeProvider.System.GetUtcNow() - receipt.Json.GetProperty("at").GetDateTimeOffset();
        Assert.InRange(age.TotalMinutes, -1, 5);
        Assert.Equal(itemIsAt, receipt.Item);
        if (itemIsAt is not null)
            Assert.True(EngineHarness.ExistsNoFollow(itemIsAt), $"{itemIsAt} is not there");
        return receipt;
    }

    /// <summary>After whatever went wrong: others are served, and nothing was logged as an error.</summary>
    public static void StillServes(this EngineHarness harness)
    {
        string name = ServedRoute.NewName();
        Receipt receipt = harness.Publish(name, "still here");
        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal("still here", File.ReadAllText(harness.Live(name)));
        harness.Log.AssertNoUnexpectedErrors();
    }
}

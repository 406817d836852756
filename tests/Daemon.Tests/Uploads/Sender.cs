using System.Formats.Tar;
using System.Text;
using AtomikD.Commits;
using AtomikD.Engine;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Uploads;

/// <summary>Sends uploads to the engine of a harness, as the door would.</summary>
internal static class Sender
{
    public static uint Uid => Unistd.GetEuid();

    public static uint Gid => Unistd.GetEgid();

    public static Task<CommitResult> UploadFileAsync(this EngineHarness harness, string name, string text, CommitOptions? options = null, long? size = null) =>
        harness.UploadAsync(new UploadRequestInfo(name, false, size, options ?? CommitOptions.None), new MemoryStream(Encoding.UTF8.GetBytes(text)));

    public static Task<CommitResult> UploadFolderAsync(this EngineHarness harness, string name, byte[] archive, CommitOptions? options = null) =>
        harness.UploadAsync(new UploadRequestInfo(name, true, null, options ?? CommitOptions.None), new OneWay(archive));

    /// <summary>All of it, as the service does it.</summary>
    public static async Task<CommitResult> UploadAsync(this EngineHarness harness, UploadRequestInfo header, Stream data)
    {
        (UploadSession? session, Refusal? refusal) = harness.Engine.BeginUpload("site", header, Uid, Gid);
        if (session is null)
            return new CommitResult(null, false, refusal, null);
        await using UploadSession closing = session;
        return await session.ReceiveAsync(data, TestContext.Current.CancellationToken) is { } refused
            ? new CommitResult(null, false, refused, null)
            : await session.CommitAsync(TestContext.Current.CancellationToken);
    }

    public static async Task<byte[]> ArchiveAsync(TarEntryFormat format, params TarEntry[] entries)
    {
        var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, format, leaveOpen: true))
        {
            foreach (TarEntry entry in entries)
                await writer.WriteEntryAsync(entry);
        }
        return archive.ToArray();
    }

    public static TarEntry FileEntry(string name, string text = "text", UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite) =>
        new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)), Mode = mode };

    public static TarEntry FolderEntry(string name) => new PaxTarEntry(TarEntryType.Directory, name);

    public static TarEntry LinkEntry(string name, string to, TarEntryType type = TarEntryType.SymbolicLink) => new PaxTarEntry(type, name) { LinkName = to };

    /// <summary>What GNU tar makes of a folder.</summary>
    public static byte[] Tar(string folder, params string[] arguments)
    {
        using var home = new TempFolder();
        string archive = Path.Combine(home.Path, "a.tar");
        Command.Run("tar", ["-C", folder, "-cf", archive, .. arguments]).Check();
        return File.ReadAllBytes(archive);
    }

    public static string[] Names(string folder) => [.. Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName)!];

    /// <summary>Nothing of an upload is anywhere but, where it was committed, at its destination.</summary>
    public static void AssertNothingIsLeft(this EngineHarness harness, params string[] live)
    {
        Assert.Empty(Names(Path.Combine(harness.VaultPath, "upload")));
        Assert.DoesNotContain(Names(harness.Staging), name => name != ".atomikd");
        Assert.Empty(harness.LostAndFound());
        Assert.Equal(live, Names(harness.Target).Where(name => name != ".atomikd").Order(StringComparer.Ordinal));
        Eventually.True(() => Names(Path.Combine(harness.VaultPath, "trash")).Length == 0, "the trash is emptied");
    }
}

/// <summary>As a network stream: it cannot seek, and gives what it has in small pieces.</summary>
internal sealed class OneWay(byte[] bytes, int piece = 700) : Stream
{
    private int _at;

    /// <summary>Thrown where the bytes end; null = an orderly end.</summary>
    public Exception? Breaks { get; init; }

    /// <summary>Set once everything was taken, for one that then waits for ever.</summary>
    public TaskCompletionSource? Hangs { get; init; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_at == bytes.Length && Hangs is { } hangs)
        {
            hangs.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        if (_at == bytes.Length && Breaks is { } breaks)
            throw breaks;
        int got = Math.Min(Math.Min(piece, buffer.Length), bytes.Length - _at);
        bytes.AsSpan(_at, got).CopyTo(buffer.Span);
        _at += got;
        return got;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }
}

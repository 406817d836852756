using System.Formats.Tar;
using System.Text;
using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Uploads;

/// <summary>Whatever ends an upload before its end: nothing is live, and nothing is left.</summary>
[Trait("Promise", "P3")]
public sealed class CutShortTests : IAsyncLifetime
{
    private EngineHarness _harness = null!;

    public async ValueTask InitializeAsync() =>
        _harness = await new EngineHarness(configure: route => route with { Durability = Durability.None }).StartAsync();

    public async ValueTask DisposeAsync() => await _harness.DisposeAsync();

    public static TheoryData<TarEntryFormat> Formats { get; } = [TarEntryFormat.Pax, TarEntryFormat.Gnu, TarEntryFormat.Ustar];

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task An_archive_that_ends_anywhere_but_at_its_end_is_refused(TarEntryFormat format)
    {
        byte[] archive = await SmallAsync(format);
        int[] ends = [.. Enumerable.Range(0, archive.Length / 512).SelectMany(block => new[] { block * 512, block * 512 + 1, block * 512 + 511 })];
        foreach (int end in ends)
        {
            CommitResult result = await _harness.UploadFolderAsync("site", archive[..end]);
            Assert.True(result.Refusal is { Reason: Reason.ItemUnsupported }, $"{end} of {archive.Length} bytes: {result.Refusal}");
            Assert.Contains("cut short", result.Refusal.Message, StringComparison.Ordinal);
        }
        _harness.AssertNothingIsLeft();
        Assert.Null((await _harness.UploadFolderAsync("site", archive)).Refusal);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task A_stream_that_breaks_anywhere_leaves_nothing(TarEntryFormat format)
    {
        byte[] archive = await SmallAsync(format);
        for (int end = 0; end <= archive.Length; end += 512)
            await Assert.ThrowsAsync<IOException>(() => _harness.UploadAsync(new UploadRequestInfo("site", true, null, CommitOptions.None),
                new OneWay(archive[..end]) { Breaks = new IOException("the connection is gone") }));
        _harness.AssertNothingIsLeft();
    }

    [Fact]
    public async Task A_file_whose_stream_breaks_leaves_nothing()
    {
        await Assert.ThrowsAsync<IOException>(() => _harness.UploadAsync(new UploadRequestInfo("report", false, null, CommitOptions.None),
            new OneWay(new byte[100_000]) { Breaks = new IOException("the connection is gone") }));
        _harness.AssertNothingIsLeft();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_is_cancelled_leaves_nothing(bool folder)
    {
        byte[] bytes = folder ? await SmallAsync(TarEntryFormat.Pax) : new byte[10_000];
        (UploadSession? session, _) = _harness.Engine.BeginUpload("site", new UploadRequestInfo("site", folder, null, CommitOptions.None), Sender.Uid, Sender.Gid);
        await using UploadSession closing = session!;
        using var cancel = new CancellationTokenSource();
        var hangs = new TaskCompletionSource();
        Task<Refusal?> receiving = session!.ReceiveAsync(new OneWay(bytes[..2048]) { Hangs = hangs }, cancel.Token);
        await hangs.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.Single(Sender.Names(Path.Combine(_harness.VaultPath, "upload")));

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving);
        _harness.AssertNothingIsLeft();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_is_given_up_before_it_is_committed_leaves_nothing(bool received)
    {
        (UploadSession? session, _) = _harness.Engine.BeginUpload("site", new UploadRequestInfo("report", false, null, CommitOptions.None), Sender.Uid, Sender.Gid);
        if (received)
            Assert.Null(await session!.ReceiveAsync(new OneWay("text"u8.ToArray()), CancellationToken.None));

        await session!.DisposeAsync();

        _harness.AssertNothingIsLeft();
        Assert.Equal(Reason.Busy, (await session.CommitAsync(CancellationToken.None)).Refusal?.Reason);
    }

    [Theory]
    [InlineData(9, "cut short")]
    [InlineData(3, "has more")]
    [InlineData(0, "has more")]
    public async Task The_size_that_was_told_must_be_right(long told, string word)
    {
        CommitResult result = await _harness.UploadFileAsync("report", "12345", size: told);

        Assert.Equal(Reason.ItemUnsupported, result.Refusal?.Reason);
        Assert.Contains(word, result.Refusal!.Message, StringComparison.Ordinal);
        _harness.AssertNothingIsLeft();
    }

    [Fact]
    public async Task So_must_an_archives()
    {
        byte[] archive = await SmallAsync(TarEntryFormat.Pax);
        foreach (int off in (int[])[-512, -1, 1, 512])
        {
            CommitResult result = await _harness.UploadAsync(new UploadRequestInfo("site", true, archive.Length + off, CommitOptions.None), new OneWay(archive));
            Assert.Equal(Reason.ItemUnsupported, result.Refusal?.Reason);
        }
        _harness.AssertNothingIsLeft();
        Assert.Null((await _harness.UploadAsync(new UploadRequestInfo("site", true, archive.Length, CommitOptions.None), new OneWay(archive))).Refusal);
    }

    /// <summary>Some of everything, without more than the two blocks at its end.</summary>
    private static async Task<byte[]> SmallAsync(TarEntryFormat format)
    {
        TarEntry[] entries =
        [
            Of(TarEntryType.Directory, "sub/"),
            Of(TarEntryType.RegularFile, "sub/a", text: new string('a', 700)),
            Of(TarEntryType.RegularFile, "sub/block", text: new string('b', 512)),
            Of(TarEntryType.RegularFile, "empty"),
            Of(TarEntryType.SymbolicLink, "link", "sub/a"),
            Of(TarEntryType.HardLink, "again", "sub/a"),
        ];
        return await Sender.ArchiveAsync(format, entries);

        TarEntry Of(TarEntryType type, string name, string? link = null, string? text = null)
        {
            TarEntry entry = format switch
            {
                TarEntryFormat.Pax => new PaxTarEntry(type, name),
                TarEntryFormat.Gnu => new GnuTarEntry(type, name),
                _ => new UstarTarEntry(type, name),
            };
            if (link is not null)
                entry.LinkName = link;
            if (text is not null)
                entry.DataStream = new MemoryStream(Encoding.ASCII.GetBytes(text));
            return entry;
        }
    }
}

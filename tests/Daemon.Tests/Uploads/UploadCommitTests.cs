using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Staging;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Uploads;

/// <summary>An upload is a commit as any other, and what it does not take is gone.</summary>
[Trait("Promise", "P3")]
public sealed class UploadCommitTests : IAsyncLifetime
{
    private EngineHarness _harness = null!;

    public async ValueTask InitializeAsync() => _harness = await new EngineHarness(configure: route => route with { Overwrite = OverwritePolicy.OnRequest }).StartAsync();

    public async ValueTask DisposeAsync() => await _harness.DisposeAsync();

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_target_that_exists_is_replaced_only_on_request(bool folder, bool large)
    {
        _harness.Publish("site", "old");
        File.Delete(_harness.Staged("site.done"));
        byte[] bytes = folder ? await Sender.ArchiveAsync(TarEntryFormat.Pax, Sender.FileEntry("index.html", new string('x', large ? 2 << 20 : 1))) : [1];

        CommitResult result = await SendAsync("site", folder, bytes, CommitOptions.None);

        Assert.Equal(Reason.TargetExists, result.Refusal?.Reason);
        Assert.DoesNotContain("marker", result.Refusal!.Hint, StringComparison.Ordinal);
        Assert.Contains("overwrite", result.Refusal.Hint, StringComparison.Ordinal);
        Assert.Null(result.ItemIsAt);
        Assert.Equal("old", File.ReadAllText(_harness.Live("site")));
        _harness.AssertNothingIsLeft("site");
        result = await SendAsync("site", folder, bytes, new CommitOptions { Overwrite = true });
        Assert.True(result.Refusal is null, result.Refusal?.Message);
        Assert.Equal(2, result.Version!.Number);
        Assert.Equal(1, result.Version.Replaced);
        _harness.AssertNothingIsLeft("site");
    }

    [Fact]
    public async Task A_target_that_appears_at_the_last_moment_is_not_replaced()
    {
        await using var harness = new EngineHarness(configure: route => route with { Overwrite = OverwritePolicy.Never });
        harness.Options = new Engine.EngineOptions { Step = step => { if (step == "sealed") File.WriteAllText(harness.Live("site"), "a stranger's"); } };
        await harness.StartAsync();

        CommitResult result = await harness.UploadFolderAsync("site", await Sender.ArchiveAsync(TarEntryFormat.Pax, Sender.FileEntry("a")));

        Assert.Equal(Reason.TargetExists, result.Refusal?.Reason);
        Assert.Equal("a stranger's", File.ReadAllText(harness.Live("site")));
        harness.AssertNothingIsLeft("site");
        Assert.Empty(harness.Slots());
    }

    [Fact]
    public async Task A_request_that_is_sent_again_is_answered_again()
    {
        var options = new CommitOptions { RequestId = "r1", Labels = new Dictionary<string, string> { ["build"] = "7" } };
        CommitResult first = await _harness.UploadFileAsync("report", "text", options);
        Assert.False(first.Repeated);
        Assert.Equal("7", first.Version!.Labels!["build"]);

        CommitResult second = await _harness.UploadFileAsync("report", "text", options);

        Assert.True(second.Repeated);
        Assert.Equal(first.Version.Sequence, second.Version!.Sequence);
        Assert.Equal(Reason.BadMarker, (await _harness.UploadFileAsync("other", "text", options)).Refusal?.Reason);
        _harness.AssertNothingIsLeft("report");
    }

    [Fact]
    public async Task Two_of_one_request_at_once_are_one_commit()
    {
        var options = new CommitOptions { RequestId = "r1", Overwrite = true };

        CommitResult[] results = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => _harness.UploadFileAsync("report", "text", options)));

        Assert.All(results, result => Assert.Equal(1, result.Version?.Number));
        Assert.Single(results, result => !result.Repeated);
        _harness.AssertNothingIsLeft("report");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_checksum_is_verified(bool folder)
    {
        string list = $"{Sha256("one")}  a\n{Sha256("two")}  sub/b\n";
        byte[] bytes = folder
            ? await Sender.ArchiveAsync(TarEntryFormat.Pax, Sender.FileEntry("a", "one"), Sender.FileEntry("sub/b", "two"), Sender.FileEntry("SHA256SUMS", list))
            : Encoding.UTF8.GetBytes("text");
        string right = Sha256(folder ? list : "text");

        CommitResult result = await SendAsync("site", folder, bytes, new CommitOptions { Sha256 = Sha256("other") });

        Assert.Equal(Reason.ChecksumMismatch, result.Refusal?.Reason);
        _harness.AssertNothingIsLeft();
        Assert.Empty(_harness.Slots());
        Assert.Null((await SendAsync("site", folder, bytes, new CommitOptions { Sha256 = right })).Refusal);
    }

    [Fact]
    public async Task A_held_name_and_a_version_that_is_not_live_refuse_it()
    {
        await _harness.Engine.HoldAsync("site", "held", "for a while");
        Assert.Equal(Reason.Held, (await _harness.UploadFileAsync("held", "text")).Refusal?.Reason);
        Assert.Equal(Reason.VersionMismatch, (await _harness.UploadFileAsync("report", "text", new CommitOptions { ExpectedVersion = 3 })).Refusal?.Reason);
        Assert.Null((await _harness.UploadFileAsync("report", "text", new CommitOptions { ExpectedVersion = 0 })).Refusal);
        _harness.AssertNothingIsLeft("report");
    }

    [Theory]
    [InlineData("")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("x.ready")]
    public async Task A_name_that_no_item_may_have_is_refused(string name)
    {
        Assert.Equal(Reason.InvalidName, (await _harness.UploadFileAsync(name, "text")).Refusal?.Reason);
        _harness.AssertNothingIsLeft();
    }

    [Fact]
    public void A_route_that_is_not_there_takes_nothing() =>
        Assert.Equal(Reason.RouteNotFound, _harness.Engine.BeginUpload("other", new UploadRequestInfo("a", false, null, CommitOptions.None), 0, 0).Refusal?.Reason);

    [Fact]
    public async Task What_stands_in_staging_is_not_touched()
    {
        foreach (string name in (string[])["report", ".failed", ".done", "report.failed"])
            _harness.StageFile(name, "the producer's");

        Assert.Null((await _harness.UploadFileAsync("report", "text")).Refusal);

        Assert.Equal([".done", ".failed", "report", "report.failed"], Sender.Names(_harness.Staging).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_stops_waiting_has_it_committed_all_the_same(bool disposes)
    {
        using var gate = new ManualResetEventSlim();
        await using var harness = new EngineHarness();
        harness.Options = new Engine.EngineOptions { Step = step => { if (step == "sealed") gate.Wait(TimeSpan.FromSeconds(30)); } };
        await harness.StartAsync();
        (UploadSession? session, _) = harness.Engine.BeginUpload("site", new UploadRequestInfo("report", false, null, CommitOptions.None), Sender.Uid, Sender.Gid);
        Assert.Null(await session!.ReceiveAsync(new OneWay("text"u8.ToArray()), CancellationToken.None));
        using var waiting = new CancellationTokenSource();
        Task<CommitResult> commit = session.CommitAsync(waiting.Token);
        await waiting.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => commit);
        if (disposes)
            await session.DisposeAsync();
        gate.Set();

        Eventually.True(() => File.Exists(harness.Live("report")), "it is live");
        harness.AssertNothingIsLeft("report");
        await session.DisposeAsync();
    }

    [Fact]
    public async Task It_belongs_to_its_sender_where_the_daemon_may_give_it_away()
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to give files away");
        byte[] archive = await Sender.ArchiveAsync(TarEntryFormat.Pax, Sender.FileEntry("sub/a"), Sender.LinkEntry("link", "sub/a"), Sender.FolderEntry("empty"));
        (UploadSession? session, _) = _harness.Engine.BeginUpload("site", new UploadRequestInfo("site", true, null, CommitOptions.None), 64_123, 64_124);
        await using UploadSession closing = session!;
        Assert.Null(await session!.ReceiveAsync(new OneWay(archive), CancellationToken.None));

        CommitResult result = await session.CommitAsync(CancellationToken.None);

        Assert.Equal(64_123u, result.Version!.Uid);
        foreach (string path in (string[])["", "/sub", "/sub/a", "/link", "/empty"])
        {
            FileStatus status = Drop.StatusOf(_harness.Live("site") + path);
            Assert.Equal((64_123u, 64_124u), (status.Uid, status.Gid));
        }
    }

    private Task<CommitResult> SendAsync(string name, bool folder, byte[] bytes, CommitOptions options) =>
        _harness.UploadAsync(new UploadRequestInfo(name, folder, bytes.Length, options), new OneWay(bytes));

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

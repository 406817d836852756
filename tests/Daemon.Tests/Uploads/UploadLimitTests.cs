using System.Formats.Tar;
using AtomikD.Commits;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Uploads;

/// <summary>How much is taken, and what happens where there is no room for it.</summary>
[Trait("Promise", "P5")]
public sealed class UploadLimitTests
{
    [Fact]
    public async Task An_upload_that_is_said_to_be_too_large_is_refused_before_its_first_byte()
    {
        await using EngineHarness harness = await new EngineHarness(configure: route => route with { MaxUpload = 1000 }).StartAsync();

        (UploadSession? session, Refusal? refusal) = harness.Engine.BeginUpload("site", new UploadRequestInfo("report", false, 1001, CommitOptions.None), 0, 0);

        Assert.Null(session);
        AssertTooLarge(refusal, "1001");
        harness.AssertNothingIsLeft();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_turns_out_to_be_too_large_is_refused(bool folder)
    {
        byte[] bytes = folder ? await Sender.ArchiveAsync(TarEntryFormat.Pax, Sender.FileEntry("a", new string('a', 5000))) : new byte[5000];
        await using EngineHarness harness = await new EngineHarness(configure: route => route with { MaxUpload = bytes.Length - 1 }).StartAsync();

        CommitResult result = await harness.UploadAsync(new UploadRequestInfo("site", folder, null, CommitOptions.None), new OneWay(bytes));

        AssertTooLarge(result.Refusal, $"{bytes.Length}");
        harness.AssertNothingIsLeft();
        harness.Engine.FindRoute("site")!.Settings = harness.Route.Settings with { MaxUpload = bytes.Length };
        Assert.Null((await harness.UploadAsync(new UploadRequestInfo("site", folder, null, CommitOptions.None), new OneWay(bytes))).Refusal);
    }

    [Fact]
    public async Task Below_MinFree_none_is_begun()
    {
        await using EngineHarness harness = await new EngineHarness(configure: route => route with { MinFree = long.MaxValue / 2 }).StartAsync();

        CommitResult result = await harness.UploadFileAsync("report", "text");

        Assert.Equal(Reason.NoSpace, result.Refusal?.Reason);
        Assert.True(result.Refusal!.IsRetryable);
        Assert.Contains("MinFree", result.Refusal.Message, StringComparison.Ordinal);
        harness.AssertNothingIsLeft();
    }

    [Fact]
    public async Task One_that_reaches_MinFree_is_refused_on_its_way()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4", 256);
        await using EngineHarness harness = await new EngineHarness(disk.Path, route => route with { MinFree = 120L << 20 }).StartAsync();

        CommitResult result = await harness.UploadAsync(new UploadRequestInfo("report", false, null, CommitOptions.None), new OneWay(new byte[200 << 20], 1 << 20));

        Assert.Equal(Reason.NoSpace, result.Refusal?.Reason);
        Assert.Contains("MinFree", result.Refusal!.Message, StringComparison.Ordinal);
        harness.AssertNothingIsLeft();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task On_a_full_disk_it_is_refused_and_its_room_given_back(bool folder)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using var state = new TempFolder();
        await using EngineHarness harness = await new EngineHarness(disk.Path, state: state.Path).StartAsync();
        string fill = disk.Fill(4 << 20);
        byte[] bytes = folder
            ? await Sender.ArchiveAsync(TarEntryFormat.Pax, Sender.FileEntry("a", new string('a', 1 << 20)), Sender.FileEntry("sub/b", new string('b', 8 << 20)))
            : new byte[8 << 20];

        CommitResult result = await harness.UploadAsync(new UploadRequestInfo("site", folder, null, CommitOptions.None), new OneWay(bytes, 1 << 20));

        Assert.Equal(Reason.NoSpace, result.Refusal?.Reason);
        Assert.Contains("ENOSPC", result.Refusal!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("marker", result.Refusal.Hint, StringComparison.Ordinal);
        File.Delete(fill);
        harness.AssertNothingIsLeft();
        Assert.Null((await harness.UploadAsync(new UploadRequestInfo("site", folder, null, CommitOptions.None), new OneWay(bytes, 1 << 20))).Refusal);
    }

    private static void AssertTooLarge(Refusal? refusal, string bytes)
    {
        Assert.Equal(Reason.ItemUnsupported, refusal?.Reason);
        Assert.Contains("MaxUpload", refusal!.Message, StringComparison.Ordinal);
        Assert.Contains(bytes, refusal.Message, StringComparison.Ordinal);
    }
}

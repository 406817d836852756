using System.Formats.Tar;
using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Staging;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Uploads;

/// <summary>Routes where staged items need more care than uploads do.</summary>
[Trait("Promise", "P5")]
public sealed class UploadPlaceTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Where_staged_items_are_copied_an_upload_is_not(bool folder, bool large)
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "no /dev/shm here");
        using var memory = new TempFolder("/dev/shm");
        await using EngineHarness harness = await new EngineHarness(configure: route => route with { Staging = memory.MakeFolder("staging"), CrossDevice = CrossDevicePolicy.Copy }).StartAsync();
        string text = new('x', large ? 2 << 20 : 10);
        byte[] bytes = folder ? await Sender.ArchiveAsync(TarEntryFormat.Pax, Sender.FileEntry("a", text), Sender.LinkEntry("b", "a", TarEntryType.HardLink)) : [1, 2, 3];

        for (int version = 1; version <= 2; version++)
        {
            CommitResult result = await harness.UploadAsync(new UploadRequestInfo("site", folder, null, CommitOptions.None), new OneWay(bytes, 1 << 20));
            Assert.True(result.Refusal is null, result.Refusal?.Message);
            Assert.Equal(version, result.Version!.Number);
        }

        harness.AssertNothingIsLeft("site");
        Assert.Empty(Sender.Names(harness.Staged(".atomikd")));
        Assert.Empty(Sender.Names(Path.Combine(harness.VaultPath, "copy")));
        await harness.RestartAsync();
        Assert.Empty(harness.LostAndFound());
        harness.StillServes();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Owner_and_modes_of_the_route_are_given_to_it(bool asksForOpenFiles)
    {
        OpenFilesPolicy openFiles = asksForOpenFiles ? OpenFilesPolicy.Wait : OpenFilesPolicy.Ignore;
        await using EngineHarness harness = await new EngineHarness(configure: route => route with { FileMode = 0x124, DirectoryMode = 0x16D, OpenFiles = openFiles }).StartAsync();
        byte[] archive = await Sender.ArchiveAsync(TarEntryFormat.Pax, Sender.FileEntry("sub/a"), Sender.LinkEntry("b", "sub/a", TarEntryType.HardLink));

        Assert.Null((await harness.UploadFolderAsync("site", archive)).Refusal);
        Assert.Null((await harness.UploadFileAsync("report", "text")).Refusal);

        Assert.Equal(0x16Du, Drop.StatusOf(harness.Live("site/sub")).Permissions);
        Assert.Equal(0x124u, Drop.StatusOf(harness.Live("site/b")).Permissions);
        Assert.Equal(0x124u, Drop.StatusOf(harness.Live("report")).Permissions);
    }

    [Fact]
    public async Task What_the_targets_default_acl_says_is_no_part_of_it()
    {
        Assert.SkipWhen(Command.WhyNot("setfacl", "getfacl") is not null, "there is no setfacl");
        await using var harness = new EngineHarness();
        Assert.SkipUnless(Command.Run("setfacl", "-d", "-m", "u:64123:rwx", harness.Target).Succeeded, "no ACLs here");
        await harness.StartAsync();

        Assert.Null((await harness.UploadFolderAsync("site", await Sender.ArchiveAsync(TarEntryFormat.Pax, Sender.FileEntry("sub/a")))).Refusal);
        Assert.Null((await harness.UploadFileAsync("report", "text")).Refusal);

        foreach (string path in (string[])["site", "site/sub", "site/sub/a", "report"])
            Assert.DoesNotContain("64123", Command.Run("getfacl", "-n", harness.Live(path)).Check(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task So_many_at_once_and_no_more()
    {
        await using EngineHarness harness = await new EngineHarness(configure: route => route with { Durability = Durability.None }).StartAsync();
        var header = new UploadRequestInfo("report", false, null, CommitOptions.None);
        List<UploadSession> sessions = [.. Enumerable.Range(0, Engine.CommitEngine.MostUploads).Select(_ => harness.Engine.BeginUpload("site", header, 0, 0).Session!)];

        Assert.Equal(Reason.Busy, harness.Engine.BeginUpload("site", header, 0, 0).Refusal?.Reason);
        Assert.Equal(Reason.Busy, (await harness.UploadFileAsync("report", "text")).Refusal?.Reason);
        await sessions[0].DisposeAsync();

        Assert.Null((await harness.UploadFileAsync("report", "text")).Refusal);
        foreach (UploadSession session in sessions)
            await session.DisposeAsync();
        harness.AssertNothingIsLeft("report");
    }

    [Fact]
    public async Task Many_at_once_are_all_committed()
    {
        await using EngineHarness harness = await new EngineHarness(configure: route => route with { Durability = Durability.None }).StartAsync();
        byte[] archive = await Sender.ArchiveAsync(TarEntryFormat.Pax, Sender.FileEntry("a", new string('a', 300_000)), Sender.FileEntry("sub/b"));

        CommitResult[] results = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => harness.UploadFolderAsync($"site{i % 16}", archive)));

        Assert.All(results, result => Assert.True(result.Refusal is null, result.Refusal?.Message));
        Assert.Equal([.. Enumerable.Repeat(new[] { 1L, 2, 3, 4 }, 16).SelectMany(numbers => numbers).Order()], results.Select(result => result.Version!.Number).Order());
        Assert.Empty(Sender.Names(Path.Combine(harness.VaultPath, "upload")));
    }

    [Fact]
    public async Task A_journal_that_cannot_be_written_delays_it()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        await using EngineHarness harness = await new EngineHarness(state: disk.Path).StartAsync();
        harness.Log.Expect("JournalRefuses").Expect("TransactionFailed");
        string fill = disk.Fill(0);
        // Each takes a little of what the journal has kept for itself.
        var labels = new Dictionary<string, string> { ["long"] = new string('l', 60_000) };
        Task refused = Task.Run(() => harness.Log.WaitFor("JournalRefuses", TimeSpan.FromSeconds(30)), TestContext.Current.CancellationToken);
        Task<CommitResult> commit;
        do
        {
            commit = harness.UploadFileAsync("report", "text", new CommitOptions { Labels = labels });
            await Task.WhenAny(commit, refused);
        }
        while (!refused.IsCompleted);
        await refused;
        File.Delete(fill);

        CommitResult result = await commit.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.True(result.Refusal is null, result.Refusal?.Message);
        harness.AssertNothingIsLeft("report");
    }
}

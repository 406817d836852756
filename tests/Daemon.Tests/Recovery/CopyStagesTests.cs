using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Support;
using AtomikD.Versions;
using Xunit;

namespace AtomikD.Recovery;

/// <summary>An item that is copied over from another file system, dead at each stage.</summary>
[Trait("Promise", "P4")]
public sealed class CopyStagesTests : IDisposable
{
    private const string OtherFileSystem = "/dev/shm";
    private readonly TempFolder _root = new();
    private readonly TempFolder _staging;

    public CopyStagesTests()
    {
        Assert.SkipUnless(Directory.Exists(OtherFileSystem), $"there is no {OtherFileSystem}");
        _staging = new TempFolder(OtherFileSystem);
        bool isOther = Stat.StatPath(Name.Of(_staging.Path), out FileStatus there) == Errno.None
            && Stat.StatPath(Name.Of(_root.Path), out FileStatus here) == Errno.None && there.Device != here.Device;
        Assert.SkipUnless(isOther, $"{OtherFileSystem} is no file system of its own");
        File.CreateSymbolicLink(_root["staging"], _staging.Path);
    }

    public enum Stage
    {
        Claimed,
        HalfCopied,
        Copied,
        InItsSlot,
        Published,
        Settled,
    }

    public static TheoryData<bool, bool, Stage> Stages
    {
        get
        {
            var data = new TheoryData<bool, bool, Stage>();
            foreach (Stage stage in Enum.GetValues<Stage>())
                foreach ((bool folder, bool replace) in new[] { (false, true), (true, false), (true, true) })
                    data.Add(folder, replace, stage);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Stages))]
    public async Task A_copy_is_committed_once(bool folder, bool replace, Stage stage)
    {
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder, replace, route => route with { CrossDevice = CrossDevicePolicy.Copy }, _root.Path);
        harness.Stage(folder, "two");
        harness.Mark("site");
        using (var scene = new Scene(harness))
            Act(scene, harness, folder, stage);

        await harness.StartAsync();

        Receipt receipt = harness.WaitFor("site");
        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(replace ? 2 : 1, receipt.Version);
        Assert.Equal("two", harness.ReadLive());
        Assert.Null(harness.ReadStaged());
        Assert.Equal(replace ? "1 retained, 2 live" : "1 live", harness.History());
        await harness.StopAsync();
        await harness.StartAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(harness.Staged(".atomikd")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(harness.VaultPath, "copy")));
        await harness.AssertStableAsync();
    }

    [Theory]
    [InlineData(Stage.Claimed)]
    [InlineData(Stage.Copied)]
    [InlineData(Stage.InItsSlot)]
    public async Task Without_its_marker_the_source_goes_back(Stage stage)
    {
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder: true, replace: true, route => route with { CrossDevice = CrossDevicePolicy.Copy }, _root.Path);
        harness.Stage(true, "two");
        harness.Mark("site");
        using (var scene = new Scene(harness))
            Act(scene, harness, folder: true, stage);
        File.Delete(harness.Staged("site.ready"));

        await harness.StartAsync();

        Receipt receipt = harness.ReadReceipt("site")!;
        Assert.Equal("INTERRUPTED", receipt.Reason);
        Assert.Equal("two", harness.ReadStaged());
        Assert.Equal("one", harness.ReadLive());
        Assert.Equal("1 live", harness.History());
        harness.AssertTidy();
    }

    public void Dispose()
    {
        _root.Dispose();
        _staging?.Dispose();
    }

    private static void Act(Scene scene, EngineHarness harness, bool folder, Stage stage)
    {
        Intent intent = scene.Intend(RecoveryCase.Item);
        scene.Claim(intent);
        if (stage == Stage.Claimed)
            return;
        string copyPath = Path.Combine(harness.VaultPath, "copy", intent.Id.ToString());
        RecoveryCase.Write(copyPath, folder, "two");
        if (stage == Stage.HalfCopied)
        {
            File.WriteAllText(folder ? Path.Combine(copyPath, "index.html") : copyPath, "t");
            return;
        }
        Identity copy = Scene.Look(scene.Vault.Copy, Name.Of(intent.Id.ToString()));
        scene.Journal.Write(true, session =>
        {
            session.SetCopy(intent.Id, copy);
            return true;
        });
        intent = intent with { Copy = copy };
        if (stage == Stage.Copied)
            return;
        Scene.Rename(scene.Vault.Copy, Name.Of(intent.Id.ToString()), scene.Vault.Folder, Scene.SlotOf(intent));
        if (stage == Stage.InItsSlot)
            return;
        scene.Publish(intent);
        if (stage == Stage.Settled)
            scene.Settle(intent);
    }
}

using System.Security.Cryptography;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Support;
using AtomikD.Versions;
using Xunit;

namespace AtomikD.Commits;

/// <summary>A daemon that died between claim and publish, and the next one that goes on there.</summary>
[Trait("Promise", "P4")]
public sealed class ResumedCommitTests
{
    [Fact]
    public async Task A_resumed_commit_is_not_taken_for_a_marker_without_item()
    {
        await using var harness = await new EngineHarness().StartAsync();
        await harness.StopAsync();
        // Large, with a checksum: it is sealed for a while after the route is served.
        var contents = new byte[96 << 20];
        File.WriteAllBytes(harness.Staged("big"), contents);
        harness.Mark("big", $"{{\"sha256\":\"{Convert.ToHexStringLower(SHA256.HashData(contents))}\"}}");
        Claim(harness, "big", new CommitOptions { Sha256 = Convert.ToHexStringLower(SHA256.HashData(contents)) });

        await harness.StartAsync();

        Receipt receipt = harness.WaitFor("big");
        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(contents.Length, new FileInfo(harness.Live("big")).Length);
        Assert.DoesNotContain(harness.Log.Records, record => record.Name == "Refused");
    }

    [Fact]
    public async Task A_commit_that_died_after_it_was_given_modes_is_resumed_not_called_busy()
    {
        await using var harness = new EngineHarness(configure: route => route with { FileMode = 0x1A4, DirectoryMode = 0x1ED });
        await harness.StartAsync();
        await harness.StopAsync();
        harness.StageFolder("site", ("index.html", "one"));
        harness.Mark("site");
        string claimed = Claim(harness, "site", CommitOptions.None);
        // The kernel dates changes in steps of some milliseconds.
        string file = Path.Combine(claimed, "index.html");
        Eventually.True(() => ChangedAfterTheMarker(harness, file), "the change of the mode is dated later than the marker");

        await harness.StartAsync();

        Receipt receipt = harness.WaitFor("site");
        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal("one", File.ReadAllText(harness.Live("site/index.html")));
    }

    private static bool ChangedAfterTheMarker(EngineHarness harness, string file)
    {
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Stat.StatAt(Fd.Cwd, Name.Of(file), out FileStatus changed);
        Stat.StatAt(Fd.Cwd, Name.Of(harness.Staged("site.ready")), out FileStatus marker);
        return changed.Changed > marker.Changed;
    }

    /// <summary>What a killed daemon leaves behind: the intent, and the item in its slot.</summary>
    private static string Claim(EngineHarness harness, string name, CommitOptions options)
    {
        BootInfo boot = harness.Options.Boot;
        using CommitJournal journal = CommitJournal.Open(harness.StateDirectory, TimeProvider.System, boot, harness.Log.CreateLogger("journal"));
        SlotId id = journal.NextSlot();
        Name item = Name.Of(harness.Staged(name));
        Stat.StatAt(Fd.Cwd, item, out FileStatus status);
        Name marker = Name.Of(harness.Staged(name + ".ready"));
        Stat.StatAt(Fd.Cwd, marker, out FileStatus markerStatus);
        journal.Write(durable: true, session =>
        {
            session.InsertIntent(new Intent
            {
                Id = id,
                Vault = File.ReadAllText(Path.Combine(harness.VaultPath, "id")).Trim(),
                Route = "site",
                Staging = harness.Staging,
                Operation = Operation.Commit,
                Door = Door.Marker,
                Source = Name.Of(name),
                Target = name,
                Marker = new MarkerIdentity(Identity.Of(Fd.Cwd, marker, markerStatus), markerStatus.Modified, markerStatus.Size),
                Item = Identity.Of(Fd.Cwd, item, status),
                Number = 1,
                BootId = boot.Id,
                Uid = 0,
                Options = options,
            });
            return true;
        });
        string claimed = Path.Combine(harness.VaultPath, $"{id}~{name}");
        Directory.Move(harness.Staged(name), claimed);
        return claimed;
    }
}

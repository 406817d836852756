using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Support;
using AtomikD.Versions;
using Xunit;

namespace AtomikD.Commits;

/// <summary>Outcomes that are told late, or once more.</summary>
[Trait("Promise", "P4")]
public sealed class LateTellingTests
{
    [Fact]
    public async Task A_marker_touched_after_it_was_served_is_no_new_request_after_a_restart()
    {
        await using var harness = await new EngineHarness().StartAsync();
        harness.Publish("a", "one");
        string receipt = File.ReadAllText(harness.Staged("a.done"));
        await harness.StopAsync();
        // Back after a power cut, and its producer has set the time meanwhile.
        harness.Mark("a");
        Name marker = Name.Of(harness.Staged("a.ready"));
        Stat.StatAt(Fd.Cwd, marker, out FileStatus status);
        var served = new MarkerIdentity(Identity.Of(Fd.Cwd, marker, status), new Timestamp(status.Modified.Seconds - 1, 0), status.Size);
        using (CommitJournal journal = CommitJournal.Open(harness.StateDirectory, TimeProvider.System, harness.Options.Boot, harness.Log.CreateLogger("journal")))
        {
            SlotId id = journal.NextSlot();
            journal.Write(durable: true, session =>
            {
                session.InsertUnclosed(new Unclosed(id, "", "site", harness.Staging, Name.Of("a"), served, true, receipt.Trim()));
                return true;
            });
        }

        await harness.StartAsync();

        Receipt told = harness.WaitFor("a");
        Assert.True(told.Succeeded, told.ToString());
        Assert.DoesNotContain(harness.Log.Records, record => record.Name == "Refused");
    }

    [Fact]
    public async Task A_stuck_marker_that_its_producer_removes_is_forgotten()
    {
        await using var harness = await new EngineHarness().StartAsync();
        // A name without room for a receipt.
        string name = new('x', 249);
        File.WriteAllText(harness.Staged(name + ".ready"), "");
        harness.Log.WaitFor("MarkerStuck");
        File.Delete(harness.Staged(name + ".ready"));
        Eventually.True(() => harness.Route.Stuck.Count == 0, "a marker that is gone is stuck no more");
    }
}

using AtomikD.Crash;
using AtomikD.Recovery;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Uploads;

/// <summary>A process that is killed, or a machine that loses its power, at each step of an upload that replaces a version.</summary>
[Trait("Promise", "P2")]
[Trait("Promise", "P3")]
public sealed class UploadCrashTests
{
    private static readonly string[] s_steps = ["intended", "claimed", "inspected", "sealed", "published", "synced", "settled", "told", "acknowledged"];
    private static readonly string s_new = new('2', 200_000);

    public static TheoryData<string, bool> Kills
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (string step in s_steps)
            {
                data.Add(step, false);
                data.Add(step, true);
            }
            return data;
        }
    }

    public static TheoryData<string, string, bool> Cuts
    {
        get
        {
            var data = new TheoryData<string, string, bool>();
            foreach (string type in new[] { "ext4", "xfs" })
                foreach (string step in new[] { "claimed", "sealed", "published", "synced", "acknowledged" })
                    data.Add(type, step, step != "sealed");
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Kills))]
    public async Task Killed_at_a_step_it_is_gone_or_goes_on(string step, bool folder)
    {
        using var source = new TempFolder();
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder, replace: true);
        KillAt(harness, source, folder, step);

        await harness.StartAsync();

        string expected = IsAtLeast(step, "claimed") ? s_new : "one";
        Eventually.True(() => harness.ReadLive() == expected, "the right version is live");
        AssertTidy(harness, expected);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Killed_while_it_is_received_nothing_is_left_of_it(bool folder)
    {
        using var source = new TempFolder();
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder, replace: true);
        using (var child = new Child(harness))
        {
            Assert.Equal("uploading", child.Ask($"hang site {Data(source, folder, whole: !folder)}"));
            child.Await("hanging");
            Assert.Single(Sender.Names(Path.Combine(harness.VaultPath, "upload")));
            child.Kill();
        }
        Assert.Single(Sender.Names(Path.Combine(harness.VaultPath, "upload")));

        await harness.StartAsync();

        Assert.Equal("one", harness.ReadLive());
        AssertTidy(harness, "one");
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task After_a_power_cut_it_is_whole_or_was_never_there(string type, string step, bool folder)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        using var source = new TempFolder();
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder, replace: true, root: disk.Path);
        KillAt(harness, source, folder, step);
        disk.Cut(anotherLoop: true);
        harness.Options = RecoveryCase.AnotherBoot(harness.Options);

        await harness.StartAsync();

        string? live = harness.ReadLive();
        if (IsAtLeast(step, "synced"))
            Assert.Equal(s_new, live);
        else if (!IsAtLeast(step, "published"))
            Assert.Equal("one", live);
        Assert.True(live == "one" || live == s_new, $"{step}: neither the old nor the new version");
        AssertTidy(harness, live);
    }

    private static void KillAt(EngineHarness harness, TempFolder source, bool folder, string step)
    {
        using var child = new Child(harness);
        child.Arm(step);
        Assert.Equal("uploading", child.Ask($"upload site {Data(source, folder, whole: true)}"));
        child.WaitUntilAt(step);
        child.Kill();
    }

    private static void AssertTidy(EngineHarness harness, string live)
    {
        Assert.Empty(Sender.Names(Path.Combine(harness.VaultPath, "upload")));
        Assert.DoesNotContain(Sender.Names(harness.Staging), name => name != "site.done");
        Eventually.True(() => Sender.Names(Path.Combine(harness.VaultPath, "trash")).Length == 0, "the trash is emptied");
        Eventually.True(() => harness.History() == (live == "one" ? "1 live" : "1 retained, 2 live"), "its history is right");
        harness.AssertTidy();
    }

    /// <summary>A file, or a folder's archive, with or without its end.</summary>
    private static string Data(TempFolder source, bool folder, bool whole)
    {
        if (!folder)
            return source.Write("data", s_new);
        RecoveryCase.Write(source["item"], folder: true, s_new);
        string archive = source["data.tar"];
        byte[] bytes = Sender.Tar(source["item"], ".");
        File.WriteAllBytes(archive, whole ? bytes : bytes[..(bytes.Length / 2)]);
        return archive;
    }

    private static bool IsAtLeast(string step, string other) => Array.IndexOf(s_steps, step) >= Array.IndexOf(s_steps, other);
}

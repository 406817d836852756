using AtomikD.Engine;
using AtomikD.Journal;
using AtomikD.Support;
using AtomikD.Versions;
using Xunit;

namespace AtomikD.Crash;

/// <summary>A file and a folder to create and to replace, committed together; and what must be so after any crash.</summary>
internal static class FourShapes
{
    public const string Old = "old";

    /// <summary>More than fits into an inode, so that a power cut has something to lose.</summary>
    public static readonly string New = string.Concat(Enumerable.Repeat("new contents, ", 1000));

    public static readonly string[] Names = ["file-create", "file-replace", "folder-create", "folder-replace"];

    public static bool IsReplace(string name) => name.EndsWith("replace", StringComparison.Ordinal);

    private static bool IsFolder(string name) => name.StartsWith("folder", StringComparison.Ordinal);

    public static void Write(string path, string name, string text)
    {
        if (!IsFolder(name))
        {
            Producer.Write(path, text);
            return;
        }
        Producer.Write(Path.Combine(path, "index.html"), text);
        Producer.Write(Path.Combine(path, "deep", "page"), text);
    }

    /// <summary>The contents; null where nothing stands, "torn" where it is not whole.</summary>
    public static string? Read(string path, string name)
    {
        if (!EngineHarness.ExistsNoFollow(path))
            return null;
        string[] files = IsFolder(name) ? [Path.Combine(path, "index.html"), Path.Combine(path, "deep", "page")] : [path];
        var texts = files.Select(file => File.Exists(file) ? File.ReadAllText(file) : "").Distinct().ToList();
        return texts.Count == 1 && (texts[0] == Old || texts[0] == New) ? texts[0] : "torn";
    }

    public static void Stage(EngineHarness harness, string text, Func<string, bool>? which = null)
    {
        foreach (string name in Names.Where(name => which?.Invoke(name) != false))
            Write(harness.Staged(name), name, text);
    }

    /// <summary>The markers come complete, so that the batch is what the test says.</summary>
    public static void Mark(EngineHarness harness, Func<string, bool>? which = null, string text = "")
    {
        foreach (string name in Names.Where(name => which?.Invoke(name) != false))
            MarkOne(harness, name, text);
    }

    private static void MarkOne(EngineHarness harness, string name, string text)
    {
        string aside = Path.Combine(harness.Root, "aside");
        File.WriteAllText(aside, text);
        File.Move(aside, harness.Staged(name + ".ready"));
    }

    public static string? Live(EngineHarness harness, string name) => Read(harness.Live(name), name);

    public static bool HasMarker(EngineHarness harness, string name) => EngineHarness.ExistsNoFollow(harness.Staged(name + ".ready"));

    public static bool IsTold(EngineHarness harness, string name) => !HasMarker(harness, name) && File.Exists(harness.Staged(name + ".done"));

    /// <summary>Version 1 of what will be replaced; its receipts are removed.</summary>
    public static void PublishOld(EngineHarness harness)
    {
        Stage(harness, Old, IsReplace);
        Mark(harness, IsReplace);
        foreach (string name in Names.Where(IsReplace))
        {
            Assert.Equal(1, harness.WaitFor(name).Version);
            File.Delete(harness.Staged(name + ".done"));
        }
    }

    /// <summary>
    /// The child's lane is stopped before a batch of all four: the contents are staged, the markers have been seen. Returns the
    /// number of the lane's thread.
    /// </summary>
    public static int Queue(EngineHarness harness, Child child)
    {
        PublishOld(harness);
        Stage(harness, New);
        // A marker goes before its batch is quite over: it is not the one to stop.
        Eventually.True(() => child.Ask("work") == "0", "the lane is done with the old versions");
        child.Arm("acknowledged");
        Producer.Write(harness.Staged("gate"), Old);
        MarkOne(harness, "gate", "");
        int thread = child.WaitUntilAt("acknowledged");
        Mark(harness);
        Eventually.True(() => child.Ask("queue") == $"{Names.Length}", "all markers have been seen");
        return thread;
    }

    /// <summary>Every name is wholly old or wholly new, its producer knows which, and no number is given twice.</summary>
    /// <param name="promised">Names whose success was told, or could not be undone any more.</param>
    /// <param name="mayBeLost">The file system may have lost items that nobody had synced.</param>
    public static void AssertAllOrNothing(EngineHarness harness, ICollection<string> promised, string context, bool mayBeLost = false)
    {
        CommitEngine engine = harness.Engine;
        foreach (string name in Names)
        {
            Eventually.True(() => !HasMarker(harness, name), $"the marker of {name} goes ({context})");
            string? live = Live(harness, name);
            string what = $"{name}, {context}: live {live?[..3] ?? "nothing"}, receipt {harness.ReadReceipt(name)}";
            Assert.True(live == New || live == (IsReplace(name) ? Old : null), what);
            bool isNew = live == New;
            Assert.True(isNew || !promised.Contains(name), what);

            bool isStaged = EngineHarness.ExistsNoFollow(harness.Staged(name));
            Receipt? receipt = harness.ReadReceipt(name);
            Assert.True(isNew == receipt?.Succeeded || (receipt is null && !isNew), what);
            Assert.True(isNew != isStaged || (!isStaged && mayBeLost), $"{what}; staged: {isStaged}");
            VersionRow[] versions = [.. engine.Journal.Write(false, session => session.ListVersions("site", name, 100, 0)).Where(version => version.State != VersionState.Deleted)];
            string history = string.Join(", ", versions.Reverse().Select(version => $"{version.Number} {version.State}"));
            Assert.Equal((IsReplace(name), isNew) switch
            {
                (true, true) => "1 Retained, 2 Live",
                (true, false) => "1 Live",
                (false, true) => "1 Live",
                _ => "",
            }, history);
            if (isNew)
                Assert.Equal(IsReplace(name) ? 2 : 1, receipt!.Version);
            string[] slots = [.. versions.Where(version => version.State == VersionState.Retained).Select(version => $"{version.Slot}~{name}")];
            Assert.Equal(slots, harness.Slots().Where(slot => slot.EndsWith("~" + name, StringComparison.Ordinal)));
        }
        Assert.Empty(harness.LostAndFound());
        Assert.Empty(engine.Journal.Write(false, session => session.OpenIntentsByVault()));
    }
}

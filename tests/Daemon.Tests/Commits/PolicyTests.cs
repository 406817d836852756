using System.Text.Json;
using AtomikD.Configuration;
using AtomikD.Staging;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Commits;

/// <summary>What may be created and what replaced: every policy with everything that a marker can say about it.</summary>
public sealed class PolicyTests
{
    private static readonly bool?[] s_overwrite = [null, true, false];
    private static readonly long?[] s_expected = [null, 0, 1, 7];
    private static readonly string[] s_stands = ["nothing", "version 1", "a stranger's"];

    private sealed record Case(string Name, bool? Overwrite, long? Expected, string Stands)
    {
        public string Marker
        {
            get
            {
                var keys = new List<string>();
                if (Overwrite is { } overwrite)
                    keys.Add($"\"overwrite\":{(overwrite ? "true" : "false")}");
                if (Expected is { } expected)
                    keys.Add($"\"expectedVersion\":{expected}");
                return keys.Count == 0 ? "" : "{" + string.Join(',', keys) + "}";
            }
        }

        /// <summary>As the contract has it: the version first, then the policy.</summary>
        public string Outcome(OverwritePolicy policy)
        {
            bool fits = Expected switch
            {
                null => true,
                0 => Stands == "nothing",
                1 => Stands == "version 1",
                _ => false,
            };
            if (!fits)
                return "VERSION_MISMATCH";
            if (Stands == "nothing")
                return "created";
            bool replaces = policy switch
            {
                OverwritePolicy.Never => false,
                OverwritePolicy.OnRequest => Overwrite == true || Expected >= 1,
                _ => Overwrite != false || Expected >= 1,
            };
            return replaces ? "replaced" : "TARGET_EXISTS";
        }
    }

    [Theory]
    [InlineData(OverwritePolicy.Never)]
    [InlineData(OverwritePolicy.OnRequest)]
    [InlineData(OverwritePolicy.Always)]
    internal async Task A_marker_gets_what_the_policy_allows_and_no_more(OverwritePolicy policy)
    {
        await using EngineHarness harness = await Start(policy);
        List<Case> cases = [.. from overwrite in s_overwrite from expected in s_expected from stands in s_stands
                               select new Case($"{overwrite}-{expected}-{stands[0]}", overwrite, expected, stands)];
        foreach (Case each in cases.Where(each => each.Stands == "version 1"))
            harness.StageFile(each.Name, "old");
        foreach (Case each in cases.Where(each => each.Stands == "version 1"))
            harness.Mark(each.Name);
        foreach (Case each in cases.Where(each => each.Stands == "version 1"))
            Assert.Equal(1, harness.WaitFor(each.Name).Version);
        foreach (Case each in cases.Where(each => each.Stands == "a stranger's"))
            File.WriteAllText(harness.Live(each.Name), "old");

        cases.ForEach(each => harness.StageFile(each.Name, "new"));
        var before = cases.ToDictionary(each => each, each => Drop.Snapshot(harness.Staged(each.Name)));
        cases.ForEach(each => harness.Mark(each.Name, each.Marker));

        foreach (Case each in cases)
        {
            Receipt receipt = harness.WaitFor(each.Name);
            string outcome = receipt.Reason ?? (receipt.Version == 1 && each.Stands == "nothing" ? "created" : "replaced");
            Assert.True(each.Outcome(policy) == outcome, $"{policy}, {each}: {outcome}, not {each.Outcome(policy)}");
            if (receipt.Succeeded)
            {
                Assert.Equal("new", File.ReadAllText(harness.Live(each.Name)));
                Assert.Equal(each.Stands == "version 1" ? 1 : 0, receipt.Json.GetProperty("replaced").GetInt64());
                continue;
            }
            harness.Refused(each.Name, Enum.GetValues<Reason>().Single(reason => reason.WireName() == outcome));
            Assert.Equal(before[each], Drop.Snapshot(harness.Staged(each.Name)));
            if (each.Stands == "nothing")
                Assert.False(File.Exists(harness.Live(each.Name)));
            else
                Assert.Equal("old", File.ReadAllText(harness.Live(each.Name)));
        }
        harness.StillServes();
    }

    [Theory]
    [InlineData(OverwritePolicy.OnRequest, "")]
    [InlineData(OverwritePolicy.OnRequest, "{\"overwrite\":false}")]
    [InlineData(OverwritePolicy.Always, "{\"overwrite\":false}")]
    internal async Task The_hint_for_a_target_that_exists_is_the_JSON_that_replaces_it(OverwritePolicy policy, string marker)
    {
        await using EngineHarness harness = await Start(policy);
        harness.Publish("site", "old");
        harness.StageFile("site", "new");
        harness.Mark("site", marker);
        Receipt refused = harness.Refused("site", Reason.TargetExists, harness.Live("site"));

        harness.Mark("site", JsonIn(refused.Hint));

        Receipt receipt = harness.WaitFor("site");
        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(2, receipt.Version);
        Assert.Equal("new", File.ReadAllText(harness.Live("site")));
    }

    [Theory]
    [InlineData("other")]
    [InlineData("with \"quotes\" and \\")]
    [InlineData("ünïcode 😀 <&>")]
    public async Task The_hint_keeps_the_name_that_the_marker_gave(string name)
    {
        await using EngineHarness harness = await Start(OverwritePolicy.OnRequest);
        string marker = $"{{\"name\":{JsonSerializer.Serialize(name)}}}";
        harness.Publish("site", "old", marker);
        harness.StageFile("site", "new");
        harness.Mark("site", marker);
        Receipt refused = harness.Refused("site", Reason.TargetExists, harness.Live(name));

        harness.Mark("site", JsonIn(refused.Hint));

        Assert.True(harness.WaitFor("site").Succeeded);
        Assert.Equal("new", File.ReadAllText(harness.Live(name)));
        Assert.False(File.Exists(harness.Live("site")));
    }

    [Fact]
    public async Task Where_nothing_is_ever_replaced_the_hint_does_not_promise_it()
    {
        await using EngineHarness harness = await Start(OverwritePolicy.Never);
        harness.Publish("site", "old");
        harness.StageFile("site", "new");
        harness.Mark("site", "{\"overwrite\":true}");

        Receipt refused = harness.Refused("site", Reason.TargetExists, harness.Live("site"));

        Assert.DoesNotContain("{", refused.Hint, StringComparison.Ordinal);
        Assert.Contains("another name", refused.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_that_a_stranger_moved_away_is_not_the_one_expected()
    {
        await using EngineHarness harness = await Start(OverwritePolicy.Always);
        harness.Publish("site", "old");
        File.Move(harness.Live("site"), harness.Live("site.bak"));
        harness.StageFile("site", "new");
        harness.Mark("site", "{\"expectedVersion\":1}");

        Receipt refused = harness.Refused("site", Reason.VersionMismatch, "Version 1 of site was expected", "nothing is there");

        Assert.Contains("what is live", refused.Hint, StringComparison.Ordinal);
        harness.Mark("site", "{\"expectedVersion\":0}");
        Assert.True(harness.WaitFor("site").Succeeded);
        Assert.Equal("old", File.ReadAllText(harness.Live("site.bak")));
    }

    [Theory]
    [InlineData("file", "folder")]
    [InlineData("folder", "file")]
    [InlineData("folder", "folder")]
    public async Task A_kind_may_change(string from, string to)
    {
        await using EngineHarness harness = await Start(OverwritePolicy.Always);
        foreach (string kind in (string[])[from, to])
        {
            if (kind == "file")
                harness.StageFile("site", "text");
            else
                harness.StageFolder("site", ("a", "text"));
            harness.Mark("site");
            Assert.Equal(kind, harness.WaitFor("site").Json.GetProperty("kind").GetString());
        }
        Assert.Equal("text", File.ReadAllText(harness.Live(to == "file" ? "site" : "site/a")));
    }

    private static async Task<EngineHarness> Start(OverwritePolicy policy) =>
        await new EngineHarness(configure: route => route with { Overwrite = policy, Durability = Durability.None }).StartAsync();

    private static string JsonIn(string hint)
    {
        string json = hint[hint.IndexOf('{', StringComparison.Ordinal)..];
        return JsonDocument.Parse(json).RootElement.GetRawText();
    }
}

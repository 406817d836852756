using AtomikD.Support;
using Xunit;

namespace AtomikD.Promises;

/// <summary>Nothing outside a route's staging and target folders is ever touched, whatever names, links or markers say.</summary>
[Trait("Promise", "P6")]
public sealed class P6ContainedTests
{
    [Fact]
    public async Task A_link_at_the_destination_is_replaced_and_what_it_points_to_is_left_alone()
    {
        await using var harness = await new EngineHarness().StartAsync();
        string outside = Path.Combine(harness.Root, "outside");
        Directory.CreateDirectory(outside);
        await File.WriteAllTextAsync(Path.Combine(outside, "index.html"), "not yours");
        File.CreateSymbolicLink(harness.Live("site"), outside);

        Assert.True(harness.PublishFolder("site", "mine").Succeeded);

        Assert.Null(new FileInfo(harness.Live("site")).LinkTarget);
        Assert.Equal("mine", await File.ReadAllTextAsync(harness.Live("site/index.html")));
        Assert.Equal("not yours", await File.ReadAllTextAsync(Path.Combine(outside, "index.html")));
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("..")]
    [InlineData("a/../../outside")]
    [InlineData("/tmp/atomikd-outside")]
    [InlineData(".atomikd")]
    public async Task A_name_that_leads_out_of_the_target_is_refused(string name)
    {
        await using var harness = await new EngineHarness().StartAsync();
        harness.StageFile("item", "x");

        harness.Mark("item", $$"""{"name":"{{name}}"}""");

        Assert.Equal("INVALID_NAME", harness.WaitFor("item").Reason);
        Assert.Equal("x", await File.ReadAllTextAsync(harness.Staged("item")));
        Assert.False(EngineHarness.ExistsNoFollow(Path.Combine(harness.Root, "outside")));
    }

    [Fact]
    public async Task A_link_inside_an_item_goes_live_as_a_link_and_collection_does_not_follow_it()
    {
        await using var harness = await new EngineHarness(configure: route => route with { Keep = 0, KeepFor = TimeSpan.Zero }).StartAsync();
        string outside = Path.Combine(harness.Root, "outside");
        Directory.CreateDirectory(outside);
        await File.WriteAllTextAsync(Path.Combine(outside, "precious"), "keep me");
        harness.StageFolder("site", ("a", "1"));
        File.CreateSymbolicLink(harness.Staged("site/link"), outside);
        harness.Mark("site");
        Assert.True(harness.WaitFor("site").Succeeded);
        Assert.Equal(outside, new FileInfo(harness.Live("site/link")).LinkTarget);

        Assert.True(harness.PublishFolder("site", "2").Succeeded);
        await harness.Engine.PruneAsync("site");

        Eventually.True(() => harness.Slots().Length == 0, "the first version is collected");
        Assert.Equal("keep me", await File.ReadAllTextAsync(Path.Combine(outside, "precious")));
    }

    [Fact]
    public async Task A_second_name_outside_keeps_its_owner_and_mode()
    {
        await using var harness = await new EngineHarness(configure: route => route with { FileMode = 0x124 }).StartAsync();
        string outside = Path.Combine(harness.Root, "outside");
        await File.WriteAllTextAsync(outside, "x");
        File.SetUnixFileMode(outside, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.CreateDirectory(harness.Staged("site"));
        Assert.Equal(0, Command.Run("ln", outside, harness.Staged("site/link")).ExitCode);

        harness.Mark("site");

        Assert.Equal("ITEM_UNSUPPORTED", harness.WaitFor("site").Reason);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(outside));
    }
}

using System.Diagnostics;
using System.Net;
using AtomikD.Support;
using AtomikD.V1;
using AtomikD.Versions;
using Xunit;

namespace AtomikD.Admin;

/// <summary>What the page says, and what it must not say.</summary>
public sealed class StatusPageTests
{
    [Fact]
    public async Task It_says_what_was_committed_and_what_was_refused_and_why()
    {
        await using AdminScene scene = await new AdminScene(names: true).StartAsync();
        scene.Publish("app");
        scene.Publish("app", "2");
        scene.Mark("nothing");

        string page = await scene.PageOnceAsync(page => page.Contains("2 commits and 1 failure in the last hour"), "both are counted");

        Assert.Contains("The route takes commits", page);
        Assert.Contains("ITEM_NOT_FOUND", page);
        Assert.Contains($"There is no {scene.Service.Staged("nothing")}.", page);
        Assert.Contains(">all 1<", page);
        Assert.Matches("""data-label="Retained"><span>1<""", page);
        Assert.Contains($"{TimeProvider.System.GetUtcNow().Year}", page);
        Assert.Matches("""<time datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ">""", page);
        Assert.Contains("<rect class=\"commits\"", page);
        Assert.Contains("<rect class=\"failures\"", page);
    }

    [Theory]
    [InlineData("<img src=x onerror=alert(1)>")]
    [InlineData("\"><script>alert(1)<")]
    [InlineData("'onmouseover='alert(1)")]
    [InlineData("a&lt;b&#60;c")]
    public async Task Names_are_data(string name)
    {
        await using AdminScene scene = await new AdminScene(names: true).StartAsync();
        string plain = await scene.PageAsync();
        // Live, held, refused, and stuck in use: every place that shows a name.
        await scene.CommitAsync(name);
        await scene.Service.Client.HoldAsync(new HoldRequest { Route = "site", Name = name, Reason = $"because of {name}" });
        scene.Publish(name);
        using OtherProcess reader = OtherProcess.Holding(scene.Service.Live(name));

        string page = await scene.PageOnceAsync(page => page.Contains("HELD") && page.Contains("holds it"), "it is refused, and held by a reader");

        Assert.DoesNotContain(name, page);
        Assert.Equal(CountOf(plain, "<script") + CountOf(plain, "<img"), CountOf(page, "<script") + CountOf(page, "<img"));
        Assert.True(CountOf(WebUtility.HtmlDecode(page), name) >= 5);
    }

    [Fact]
    public async Task Names_cannot_turn_the_line_around_or_hide()
    {
        await using AdminScene scene = await new AdminScene(names: true).StartAsync();
        await scene.CommitAsync("report-\u202Egnp.exe");
        await scene.CommitAsync("\u05D0\u05D1\u05D2 \u200B1");

        string page = await scene.PageAsync();

        Assert.DoesNotContain("\u202E", WebUtility.HtmlDecode(page));
        Assert.Contains("<bdi class=\"name\">report-\\u202egnp.exe</bdi>", page);
        Assert.Contains("<bdi class=\"name\">\u05D0\u05D1\u05D2 \\u200b1</bdi>", page);
    }

    [Fact]
    public async Task Without_AdminNames_no_name_is_in_the_page_wherever_it_could_stand()
    {
        await using AdminScene scene = await new AdminScene(names: false).StartAsync();
        const string Name = "quarterly-figures";
        scene.Publish(Name);
        scene.Publish(Name, "2");
        scene.Publish(Name, "3", "{\"expectedVersion\":77}");
        await scene.Service.Client.HoldAsync(new HoldRequest { Route = "site", Name = Name, Reason = $"wait for {Name}" });
        scene.Service.Stage($"{Name}-unmarked", "1");
        string tooLong = new('q', 249);
        File.WriteAllText(scene.Service.Staged($"{tooLong}.ready"), "");
        using OtherProcess reader = OtherProcess.Holding(scene.Service.Live(Name));
        using OtherProcess mounting = OtherProcess.Mounting($"mkdir {scene.Service.Root}/m; mount --bind {scene.Service.Live(Name)} {scene.Service.Root}/m");

        string page = await scene.PageOnceAsync(page => page.Contains("VERSION_MISMATCH") && page.Contains("holds it") && page.Contains("has it mounted")
            && page.Contains("Stuck markers") && page.Contains("Held names"), "everything is there");

        Assert.DoesNotContain(Name, page);
        Assert.DoesNotContain("qqqq", page);
        Assert.Contains("another version was live than the one expected", page);
        Assert.Contains("AdminNames = yes", page);
    }

    [Fact]
    public async Task A_route_that_takes_no_commits_is_told_of_first_with_what_to_do()
    {
        await using var scene = new AdminScene();
        scene.Service.Settings = scene.Service.Settings with { Routes = [.. scene.Service.Settings.Routes, scene.Service.NewRoute("away")] };
        Directory.Delete(Path.Combine(scene.Service.Root, "away-staging"));
        await scene.StartAsync();

        string page = await scene.PageAsync();

        Assert.Contains("1 of 2 routes takes no commits", page);
        Assert.Contains($"mkdir -p {scene.Service.Root}/away-staging", page);
        Assert.Contains("<title>✕ 1 of 2 routes", page);
        Assert.Contains("href=\"#route-away\"", page);
    }

    [Fact]
    public async Task What_waits_is_counted_with_its_age()
    {
        await using AdminScene scene = await new AdminScene().StartAsync();
        scene.Service.Stage("busy", "1");
        await using (FileStream open = File.Open(scene.Service.Staged("busy/index.html"), FileMode.Append))
        {
            File.WriteAllText(scene.Service.Staged("busy.ready"), "");

            string page = await scene.PageOnceAsync(page => page.Contains("oldest for"), "it waits");

            Assert.Contains("<dt>Waiting</dt><dd>1<", page);
        }
        await scene.PageOnceAsync(page => page.Contains("<dt>Waiting</dt><dd>0<"), "it has been decided");
    }

    [Fact]
    public async Task Who_holds_a_version_or_has_it_mounted_is_named()
    {
        await using AdminScene scene = await new AdminScene(names: true).StartAsync();
        await scene.CommitAsync("app");
        using OtherProcess reader = OtherProcess.Holding(scene.Service.Live("app"));
        string point = Directory.CreateDirectory(Path.Combine(scene.Service.Root, "inside")).FullName;
        using OtherProcess mounting = OtherProcess.Mounting($"mount --bind {scene.Service.Live("app")} {point}");
        await scene.CommitAsync("app", "2");

        string page = await scene.PageOnceAsync(page => page.Contains("holds it (flock)") && page.Contains($"has it mounted at {point}"), "both are named");

        Assert.Contains($"(pid {reader.Pid}) holds it", page);
        Assert.Contains($"(pid {mounting.Pid}) has it mounted", page);
        Assert.Contains("1, replaced", page);
        Assert.Contains("Mount the target or its parent, never an item.", page);
    }

    [Fact]
    public async Task Stuck_markers_strays_and_what_recovery_did_are_told()
    {
        await using AdminScene scene = await new AdminScene(names: true).StartAsync();
        ServiceHarness service = scene.Service;
        await service.StopAsync();
        Producer.Write(Path.Combine(service.Settings.Routes[0].Vault, "0000000000000~stray"), "nobody's");
        string tooLong = new('q', 249);
        File.WriteAllText(service.Staged($"{tooLong}.ready"), "");
        service.Stage("forgotten", "1");
        await service.StartAsync();

        string page = WebUtility.HtmlDecode(await scene.PageOnceAsync(page => page.Contains("Stuck markers") && page.Contains("<dt>Without a marker</dt><dd>1 item"), "the marker is stuck, and staging was listed"));

        Assert.Contains("1 marker cannot be taken away", page);
        Assert.Contains(tooLong, page);
        Assert.Contains("1 thing that nobody could place is in", page);
        Assert.Contains("1 that nobody could place, in lost+found", page);
        Assert.Contains("Takes commits; look at this", page);
    }

    [Fact]
    public async Task A_thousand_names_make_no_longer_page_than_fifty()
    {
        await using AdminScene scene = await new AdminScene(names: true, configure: route => route with { Durability = Configuration.Durability.None }).StartAsync();
        for (int i = 0; i < 1000; i++)
            File.WriteAllText(scene.Service.Staged($"item-{i:d4}"), "1");
        for (int i = 0; i < 1000; i++)
            File.WriteAllText(scene.Service.Staged($"item-{i:d4}.ready"), "");

        string page = await scene.PageOnceAsync(page => WebUtility.HtmlDecode(page).Contains("the newest 50 of 1\u202F000"), "all are live");

        Assert.Equal(50, CountOf(page, "item-"));
        Assert.True(page.Length < 60_000, $"{page.Length} characters");
        Assert.Contains("atomikctl versions site", page);
    }

    [Fact]
    public async Task However_many_look_the_journal_is_asked_once_in_a_while()
    {
        await using AdminScene scene = await new AdminScene(names: true).StartAsync();
        await scene.CommitAsync("app");

        var watch = Stopwatch.StartNew();
        string[] pages = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => scene.PageAsync()));

        int looks = pages.Select(page => page.Split("As of <time")[1].Split("</time>")[0]).Distinct().Count();
        Assert.InRange(looks, 1, (int)(watch.Elapsed.TotalSeconds * 2) + 2);
        Assert.All(pages, page => Assert.Contains("app", page));
    }

    [Fact]
    public async Task It_can_be_read_by_anybody()
    {
        await using AdminScene scene = await new AdminScene(names: true).StartAsync();
        await scene.CommitAsync("app");

        string page = await scene.PageAsync();

        Assert.StartsWith("<!doctype html>\n<html lang=\"en\">", page);
        Assert.Equal(1, CountOf(page, "<h1"));
        Assert.Contains("<h2 id=\"name-site\">", page);
        Assert.Contains("<noscript>", page);
        Assert.Contains("<caption>", page);
        Assert.Equal(CountOf(page, "<th "), CountOf(page, "<th scope=\"col\""));
        Assert.DoesNotContain("style=\"", page);
        Assert.DoesNotContain("onclick", page);
        Assert.DoesNotContain("http://", page);
        Assert.DoesNotContain("https://", page);
    }

    private static int CountOf(string text, string part) => text.Split(part).Length - 1;
}

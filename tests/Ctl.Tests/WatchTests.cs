using System.Diagnostics;
using AtomikD.Configuration;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Ctl;

public sealed class WatchTests
{
    /// <summary>Tells each run in a line of its own: route, names, sequence.</summary>
    private const string Tell = "echo \"$ATOMIKD_ROUTE:$(echo \"$ATOMIKD_NAMES\" | sort | tr '\\n' ',')\"";

    [Fact]
    public async Task Events_come_a_line_each_across_a_restart_of_the_service()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        Publish(service, "a");
        using Process watch = service.StartCtl("watch", "site", "--live");

        Assert.Matches(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  site/a  live 1  \S+$", await watch.LineAsync());
        await service.StopAsync();
        await service.StartAsync();
        Publish(service, "a");
        Assert.Matches("  site/a  commit 2  ", await watch.LineAsync());
        service.Ctl("rollback", "site", "a").Check();
        Assert.Matches("  site/a  rollback 3  ", await watch.LineAsync());
        service.Ctl("remove", "site", "a").Check();
        Assert.Matches("  site/a  remove 3  ", await watch.LineAsync());
        watch.Signal("TERM");
        Assert.Equal(0, await watch.EndAsync());
    }

    [Fact]
    public async Task A_command_runs_for_what_is_live_then_for_each_change_across_a_restart()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        Publish(service, "a");
        Publish(service, "b");
        using Process watch = service.StartCtl("watch", "site", "--", "sh", "-c", Tell);

        Assert.Equal("site:a,b,", await watch.LineAsync());
        Publish(service, "b");
        Assert.Equal("site:b,", await watch.LineAsync());
        await service.StopAsync();
        await service.StartAsync();
        service.Ctl("remove", "site", "a").Check();
        Assert.Equal("site:a,", await watch.LineAsync());
        watch.Signal("INT");
        Assert.Equal(130, await watch.EndAsync());
    }

    [Fact]
    public async Task Where_nothing_is_live_the_first_run_has_no_names()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        using Process watch = service.StartCtl("watch", "--", "sh", "-c", Tell);

        Assert.Equal("site:,", await watch.LineAsync());
        Publish(service, "a");
        Assert.Equal("site:a,", await watch.LineAsync());
        watch.Signal("TERM");
        Assert.Equal(0, await watch.EndAsync());
    }

    [Fact]
    public async Task What_happens_during_a_run_is_told_to_one_next_run()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        using var scratch = new TempFolder();
        using Process watch = service.StartCtl("watch", "site", "--", "sh", "-c", $"{Tell}; until [ -e {scratch["go"]} ]; do sleep 0.05; done");

        Assert.Equal("site:,", await watch.LineAsync());
        foreach (string name in new[] { "a", "b", "a", "c" })
            Publish(service, name);
        using Process other = service.StartCtl("watch", "site", "--live");
        for (int i = 0; i < 3; i++)
            await other.LineAsync();
        other.Signal("TERM");
        scratch.Write("go", "");

        var told = new SortedSet<string>(StringComparer.Ordinal);
        int runs = 0;
        for (; told.Count < 3; runs++)
            told.UnionWith((await watch.LineAsync())["site:".Length..].Split(',', StringSplitOptions.RemoveEmptyEntries));
        Assert.InRange(runs, 1, 2);
        watch.Signal("TERM");
        Assert.Equal(0, await watch.EndAsync());
        Assert.Equal(0, await other.EndAsync());
    }

    [Fact]
    public async Task A_run_that_fails_is_told_and_repeated_with_its_names()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        using var scratch = new TempFolder();
        Publish(service, "a");
        using Process watch = service.StartCtl("watch", "site", "--", "sh", "-c", $"{Tell}; [ -e {scratch["ok"]} ] || {{ touch {scratch["ok"]}; exit 3; }}");

        Assert.Equal("site:a,", await watch.LineAsync());
        Assert.Equal("site:a,", await watch.LineAsync());
        Assert.Equal("atomikctl: COMMAND_FAILED: sh ended with 3.", await watch.StandardError.ReadLineAsync());
        Publish(service, "b");
        Assert.Equal("site:b,", await watch.LineAsync());
        watch.Signal("TERM");
        Assert.Equal(0, await watch.EndAsync());
    }

    [Fact]
    public async Task More_names_than_an_environment_holds_are_told_to_several_runs()
    {
        await using ServiceHarness service = await new ServiceHarness(route => route with { Durability = Durability.None }).StartAsync();
        var client = service.Client;
        string[] names = [.. Enumerable.Range(0, 500).Select(number => $"{number}-{new string('n', 230)}")];
        foreach (string name in names)
            service.Stage(name, "x");
        await Task.WhenAll(names.Select(name => client.CommitAsync(new V1.CommitRequest { Route = "site", Source = name }).ResponseAsync));
        using Process watch = service.StartCtl("watch", "site", "--", "sh", "-c", "echo \"$ATOMIKD_NAMES\" | wc -l");

        int[] counts = [int.Parse(await watch.LineAsync()), int.Parse(await watch.LineAsync())];
        watch.Signal("TERM");

        Assert.Equal(500, counts.Sum());
        Assert.Equal(0, await watch.EndAsync());
    }

    [Fact]
    public async Task It_ends_once_the_command_has_ended()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        using var scratch = new TempFolder();
        using Process watch = service.StartCtl("watch", "site", "--", "sh", "-c", $"echo begun; until [ -e {scratch["go"]} ]; do sleep 0.05; done; echo ended");

        Assert.Equal("begun", await watch.LineAsync());
        watch.Signal("INT");
        Assert.False(watch.WaitForExit(TimeSpan.FromMilliseconds(300)));
        scratch.Write("go", "");

        Assert.Equal("ended", await watch.LineAsync());
        Assert.Equal(130, await watch.EndAsync());
    }

    [Fact]
    public async Task A_command_that_cannot_be_run_is_wrong_usage()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();

        CommandResult result = service.Ctl("watch", "site", "--", "/nonexistent/program");

        Assert.Equal(64, result.ExitCode);
        Assert.Contains("/nonexistent/program cannot be run", result.Error, StringComparison.Ordinal);
    }

    private static void Publish(ServiceHarness service, string name)
    {
        service.Stage(name, "x");
        service.Ctl("commit", "site", name).Check();
    }
}

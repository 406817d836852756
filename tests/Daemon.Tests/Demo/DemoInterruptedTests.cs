using AtomikD.Support;
using Xunit;

namespace AtomikD.Demo;

/// <summary>Ctrl-C, and worse.</summary>
public sealed class DemoInterruptedTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData("INT", true)]
    [InlineData("HUP", true)]
    [InlineData("TERM", false)]
    public void A_signal_ends_it_and_nothing_is_left_behind(string signal, bool isOfTheTerminal)
    {
        using var demo = new DemoProcess(_folder.Path, seconds: 600);
        demo.WaitUntilLive();
        int producer = Assert.Single(demo.Producers());

        // A terminal's reaches all of its processes.
        demo.Signal(signal, isOfTheTerminal ? [producer] : []);

        Assert.Equal(130, demo.Wait());
        Assert.Contains("Nothing was left behind.", demo.Output, StringComparison.Ordinal);
        AssertNothingLeft(demo);
    }

    [Fact]
    public void The_producer_leaves_the_terminals_signals_to_its_parent()
    {
        using var demo = new DemoProcess(_folder.Path, seconds: 2);
        demo.WaitUntilLive();

        foreach (string signal in (string[])["INT", "HUP", "QUIT"])
            Command.Run("kill", "-s", signal, $"{demo.Producers().Single()}").Check();

        Assert.True(demo.Wait() == 0, demo.Output + demo.Error);
    }

    [Fact]
    public void A_producer_that_dies_fails_the_demo()
    {
        using var demo = new DemoProcess(_folder.Path, seconds: 600);
        demo.WaitUntilLive();

        Command.Run("kill", "-s", "KILL", $"{demo.Producers().Single()}").Check();

        Assert.Equal(1, demo.Wait());
        Assert.Contains("the producer ended before its time", demo.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(demo.Parent));
    }

    [Fact]
    public void A_signal_while_it_starts_leaves_nothing_behind_either()
    {
        using var demo = new DemoProcess(_folder.Path, seconds: 600);
        // The first thing that could be left.
        Eventually.True(() => Directory.EnumerateFileSystemEntries(demo.Parent).Any(), "the folder", TimeSpan.FromSeconds(90));

        demo.Signal("TERM");

        Assert.Equal(130, demo.Wait());
        AssertNothingLeft(demo);
    }

    [Fact]
    public void Killed_it_takes_its_producer_along()
    {
        using var demo = new DemoProcess(_folder.Path, seconds: 600);
        demo.WaitUntilLive();
        Assert.Single(demo.Producers());

        demo.Signal("KILL");

        demo.Wait();
        Eventually.True(() => demo.Producers().Count == 0, "the producer has ended");
    }

    public void Dispose() => _folder.Dispose();

    private static void AssertNothingLeft(DemoProcess demo)
    {
        Assert.Empty(Directory.EnumerateFileSystemEntries(demo.Parent));
        Assert.Empty(demo.Producers());
    }
}

using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Routes;
using Xunit;

namespace AtomikD.Commits;

public sealed class WaitingRoomTests
{
    private readonly WaitingRoom _room = new();
    private readonly Route _route = new(new RouteSettings { Name = "site", Staging = "/s", Target = "/t", Vault = "/t/.atomikd" });

    [Fact]
    public void A_name_passes_to_the_first_that_waits_for_it_and_to_no_other()
    {
        Commit first = NewCommit("a"), second = NewCommit("b"), third = NewCommit("c");
        WorkKey name = Target("x");
        Assert.True(_room.TryEnter(first, name));
        Assert.False(_room.TryEnter(second, name));
        Assert.False(_room.TryEnter(third, name));

        Assert.Equal([second], Leave(first));

        Assert.True(_room.TryEnter(second, name));
        Assert.False(_room.TryTake(NewCommit("d"), name));
        Assert.Equal([third], Leave(second));
        Assert.Empty(Leave(third));
        Assert.True(_room.TryTake(NewCommit("d"), name));
    }

    [Fact]
    public void A_request_that_waits_keeps_its_staging_name_and_those_behind_it()
    {
        Commit first = NewCommit("a"), again = NewCommit("a"), more = NewCommit("a");
        Assert.True(_room.TryEnter(first, Source("a")));
        Assert.True(_room.TryEnter(first, Target("x")));
        Assert.False(_room.TryEnter(again, Source("a")));
        Assert.False(_room.TryEnter(more, Source("a")));

        Assert.Empty(Leave(first, keepsSource: true));

        Assert.True(_room.TryTake(NewCommit("b"), Target("x")));
        Assert.Equal([again], Leave(first)); // One look at the marker speaks for all that saw it.
        Assert.Empty(Leave(again));
    }

    private List<Commit> Leave(Commit commit, bool keepsSource = false)
    {
        var heirs = new List<Commit>();
        _room.Leave(commit, keepsSource, heirs);
        return heirs;
    }

    private Commit NewCommit(string source) => new() { Route = _route, Source = Name.Of(source), Door = Door.Marker };

    private static WorkKey Source(string name) => new("site", WorkKeyKind.Source, Name.Of(name));

    private static WorkKey Target(string name) => new("site", WorkKeyKind.Target, Name.Of(name));
}

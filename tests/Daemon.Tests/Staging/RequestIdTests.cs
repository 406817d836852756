using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Staging;

/// <summary>A request that carries an id is done once, however often it is dropped.</summary>
[Trait("Promise", "P4")]
public sealed class RequestIdTests(ServedRoute served) : IClassFixture<ServedRoute>
{
    private readonly EngineHarness _harness = served.Harness;
    private readonly string _name = ServedRoute.NewName();

    private string Id => $"{{\"requestId\":\"id of {_name}\"}}";

    [Fact]
    public void Repeated_it_is_answered_again_and_what_stands_in_staging_is_left()
    {
        Assert.Equal(1, _harness.Publish(_name, "first", Id).Version);
        _harness.StageFile(_name, "second");
        string before = Drop.Snapshot(_harness.Staged(_name));
        _harness.Mark(_name, Id);

        Receipt again = _harness.WaitFor(_name);

        Assert.True(again.Succeeded, again.ToString());
        Assert.True(again.Json.GetProperty("repeated").GetBoolean());
        Assert.Equal(1, again.Version);
        Assert.Equal(before, Drop.Snapshot(_harness.Staged(_name)));
        Assert.Equal("first", File.ReadAllText(_harness.Live(_name)));
        _harness.StillServes();
    }

    [Fact]
    public void Repeated_without_an_item_it_is_answered_again()
    {
        Assert.Equal(1, _harness.Publish(_name, "first", Id).Version);
        _harness.Mark(_name, Id);

        Receipt again = _harness.WaitFor(_name);

        Assert.True(again.Succeeded, again.ToString());
        Assert.True(again.Json.GetProperty("repeated").GetBoolean());
        Assert.Equal(1, again.Version);
        _harness.StillServes();
    }

    [Fact]
    public void Repeated_after_the_version_was_replaced_it_brings_nothing_back()
    {
        _harness.Publish(_name, "first", Id);
        Assert.Equal(2, _harness.Publish(_name, "second").Version);
        _harness.Mark(_name, Id);

        Receipt again = _harness.WaitFor(_name);
        Assert.Equal(1, again.Version);
        Assert.Equal("second", File.ReadAllText(_harness.Live(_name)));
    }

    [Fact]
    public async Task Repeated_after_a_restart_it_is_answered_again()
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        harness.Publish("a", "first", Id);
        await harness.RestartAsync();
        harness.StageFile("a", "second");
        harness.Mark("a", Id);

        Receipt again = harness.WaitFor("a");
        Assert.True(again.Json.GetProperty("repeated").GetBoolean());
        Assert.Equal("second", File.ReadAllText(harness.Staged("a")));
    }

    [Fact]
    public void While_the_first_is_in_work_the_second_waits_for_it()
    {
        using PublishGate gate = served.Gate.Close(_harness);
        PublishGate.Claim(_harness, _name, Id);
        string other = _name + "-again";
        _harness.StageFile(other, "second");
        _harness.Mark(other, $"{{\"name\":\"{_name}\",\"requestId\":\"id of {_name}\"}}");
        gate.Open();

        Receipt second = _harness.WaitFor(other);

        Assert.True(second.Succeeded, second.ToString());
        Assert.True(second.Json.GetProperty("repeated").GetBoolean());
        Assert.Equal(1, second.Version);
        Assert.Equal("second", File.ReadAllText(_harness.Staged(other)));
        Assert.Equal(1, _harness.WaitFor(_name).Version);
    }

    [Fact]
    public void Where_the_first_in_work_fails_the_second_is_done()
    {
        using PublishGate gate = served.Gate.Close(_harness);
        PublishGate.Claim(_harness, _name, $"{{\"requestId\":\"id of {_name}\",\"overwrite\":false}}");
        File.WriteAllText(_harness.Live(_name), "a stranger's");
        string other = _name + "-again";
        _harness.StageFile(other, "second");
        _harness.Mark(other, $"{{\"name\":\"{_name}\",\"requestId\":\"id of {_name}\"}}");
        gate.Open();

        Receipt second = _harness.WaitFor(other);

        Assert.True(second.Succeeded, second.ToString());
        Assert.False(second.Json.GetProperty("repeated").GetBoolean());
        Assert.Equal("second", File.ReadAllText(_harness.Live(_name)));
        _harness.Refused(_name, Reason.TargetExists);
    }

    [Fact]
    public void A_failure_frees_it()
    {
        _harness.Mark(_name, Id);
        _harness.Refused(Name.Of(_name), Reason.ItemNotFound, null);

        Receipt receipt = _harness.Publish(_name, "x", Id);
        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.False(receipt.Json.GetProperty("repeated").GetBoolean());
    }

    [Fact]
    public void With_another_name_or_sum_it_is_a_mistake()
    {
        string sum = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("x"u8));
        Assert.True(_harness.Publish(_name, "x", $"{{\"requestId\":\"id of {_name}\",\"sha256\":\"{sum}\"}}").Succeeded);
        string other = _name + "-other";
        _harness.StageFile(other, "mine");
        string before = Drop.Snapshot(_harness.Staged(other));
        _harness.Mark(other, Id);
        _harness.StageFile(_name, "y");
        _harness.Mark(_name, $"{{\"requestId\":\"id of {_name}\",\"sha256\":\"{new string('0', 64)}\"}}");

        Receipt receipt = _harness.Refused(other, Reason.BadMarker, "request id", $"version 1 of {_name}");
        Assert.Contains("id of its own", receipt.Hint, StringComparison.Ordinal);
        _harness.Refused(_name, Reason.BadMarker, "request id");
        Assert.Equal(before, Drop.Snapshot(_harness.Staged(other)));
        Assert.Equal("x", File.ReadAllText(_harness.Live(_name)));
        _harness.StillServes();
    }

    [Fact]
    public void It_is_looked_at_before_the_version_and_before_overwriting()
    {
        string marker = $"{{\"requestId\":\"id of {_name}\",\"expectedVersion\":0,\"overwrite\":false}}";
        Assert.Equal(1, _harness.Publish(_name, "x", marker).Version);

        Receipt again = _harness.Publish(_name, "x", marker);

        Assert.True(again.Succeeded, again.ToString());
        Assert.True(again.Json.GetProperty("repeated").GetBoolean());
    }
}

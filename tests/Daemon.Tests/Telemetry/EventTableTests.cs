using System.Reflection;
using System.Text.RegularExpressions;
using AtomikD.Demo;
using AtomikD.Engine;
using AtomikD.Support;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AtomikD.Telemetry;

/// <summary>docs/events.md lists what the code can log, and nothing else.</summary>
public sealed partial class EventTableTests
{
    private static readonly (int Id, string Name, LogLevel Level, string Text)[] s_events =
        [.. from type in typeof(CommitEngine).Assembly.GetTypes()
            from method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            let message = method.GetCustomAttribute<LoggerMessageAttribute>()
            where message is not null
            orderby message.EventId
            select (message.EventId, message.EventName ?? method.Name, message.Level, message.Message)];

    [GeneratedRegex(@"^(?<event>\| \d+ \| \w+ \| \w+ \| .+ \|) [^|]+ \|$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Row { get; }

    [Fact]
    public void Every_event_is_in_the_table_as_the_code_has_it_with_what_to_do()
    {
        string[] listed = [.. new Document("docs/events.md").Text.Split('\n').Select(line => Row.Match(line)).Where(row => row.Success).Select(row => row.Groups["event"].Value)];
        string[] known = [.. s_events.Select(one => $"| {one.Id} | {one.Name} | {one.Level} | {one.Text} |")];

        Assert.True(known.Length > 40);
        Assert.Equal(known, listed);
    }

    [Fact]
    public void No_two_events_have_one_id() => Assert.Equal(s_events.Length, s_events.Select(one => one.Id).Distinct().Count());

    [Fact]
    public void Nothing_of_one_commit_is_told_above_Debug_but_what_went_wrong() =>
        Assert.Equal(LogLevel.Debug, s_events.Single(one => one.Name == "Committed").Level);

    [Fact]
    public async Task A_service_that_commits_says_nothing_above_Debug_of_it_and_no_contents_at_any_level()
    {
        const string Secret = "do not tell 4711";
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        int before = harness.Log.Records.Count(record => record.Level > LogLevel.Debug);
        for (int i = 0; i < 20; i++)
            Assert.True(harness.Publish($"a{i}", Secret, $$$"""{"labels": {"token": "{{{Secret}}}"}}""").Succeeded);
        Assert.False(harness.Publish("b", Secret, $$"""{"name": "{{Secret}}" nonsense}""").Succeeded);
        harness.Log.WaitFor("Refused");

        Assert.DoesNotContain(harness.Log.Records, record => record.ToString().Contains(Secret, StringComparison.Ordinal));
        Assert.Equal(["Refused"], harness.Log.Records.Where(record => record.Level > LogLevel.Debug).Skip(before).Select(record => record.Name));
    }
}

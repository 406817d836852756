using System.Text.Json;
using AtomikD.Demo;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Ctl;

/// <summary>What --json prints has the shapes that docs/atomikctl.md shows.</summary>
public sealed class DocumentTests
{
    private static readonly Document s_document = new("docs/atomikctl.md");

    [Fact]
    public async Task Each_command_prints_the_documented_json()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        using var scratch = new TempFolder();
        service.Stage("app", "one");
        Same("commit", service.CtlJson("commit", "site", "app"));
        Same("commit", service.CtlJson("upload", "site", scratch.Write("app", "two")));
        Same("history", service.CtlJson("history"));
        Same("versions", service.CtlJson("versions", "site"));
        Same("commit", service.CtlJson("rollback", "site", "app"));
        Same("hold", service.CtlJson("hold", "site", "app", "--reason", "x"));
        Same("status", service.CtlJson("status"));
        Same("hold", service.CtlJson("release", "site", "app"));
        Same("remove", service.CtlJson("remove", "site", "app"));
        Same("prune", service.CtlJson("prune", "site"));
        CommandResult refused = service.Ctl("commit", "site", "app", "--json");

        Assert.Equal(66, refused.ExitCode);
        Assert.Equal("", refused.Output);
        using JsonDocument error = JsonDocument.Parse(Assert.Single(refused.Error.TrimEnd().Split('\n')));
        using JsonDocument shown = JsonDocument.Parse(s_document.Blocks("json error").Single());
        Assert.Equal(Shape(shown.RootElement), Shape(error.RootElement));
        Assert.Equal("ITEM_NOT_FOUND", error.RootElement.GetProperty("reason").GetString());
        Assert.Equal(("site", "app"), (error.RootElement.GetProperty("route").GetString(), error.RootElement.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task A_watch_prints_the_documented_json_a_line_for_each()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        service.Stage("app", "one");
        service.Ctl("commit", "site", "app").Check();
        using System.Diagnostics.Process watch = service.StartCtl("watch", "site", "--live", "--json");

        using JsonDocument live = JsonDocument.Parse(await watch.LineAsync());
        service.Ctl("remove", "site", "app").Check();
        using JsonDocument removed = JsonDocument.Parse(await watch.LineAsync());
        watch.Signal("INT");

        Same("watch", live.RootElement);
        Same("watch", removed.RootElement);
        Assert.True(live.RootElement.GetProperty("initial").GetBoolean());
        Assert.Equal("remove", removed.RootElement.GetProperty("operation").GetString());
        Assert.Equal(130, await watch.EndAsync());
    }

    [Fact]
    public void Every_command_and_exit_code_has_its_place()
    {
        foreach (string command in new[] { "status", "commit", "upload", "versions", "history", "rollback", "hold", "remove", "prune", "watch", "completion" })
            Assert.Contains($"\n## {command}\n", s_document.Text, StringComparison.Ordinal);
        foreach (int code in new[] { 0, 64, 65, 66, 69, 73, 74, 75, 77, 130 })
            Assert.Contains($"\n| {code} |", s_document.Text, StringComparison.Ordinal);
        foreach (string link in s_document.Links)
            Assert.True(File.Exists(Path.Combine(Document.Root, "docs", link.Split('#')[0])), link);
    }

    private static void Same(string section, JsonElement printed)
    {
        string block = s_document.Text.Split($"\n## {section}\n")[1].Split("\n## ")[0].Split("```json\n")[1].Split("```")[0];
        using JsonDocument shown = JsonDocument.Parse(block);
        Assert.Equal(Shape(shown.RootElement), Shape(printed));
    }

    /// <summary>Names, order and kinds. What has keys of the user's own, or may be null, is only named.</summary>
    private static string Shape(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => $"{{{string.Join(", ", element.EnumerateObject().Select(member => member.Name is "labels" or "held" || IsNullable(member.Name) ? member.Name : $"{member.Name}: {Shape(member.Value)}"))}}}",
        JsonValueKind.Array when element.GetArrayLength() > 0 => $"[{Shape(element[0])}]",
        JsonValueKind.Array => "[]",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        _ => element.ValueKind.ToString(),
    };

    private static bool IsNullable(string name) => name is "operation" or "reason" or "message" or "lastCommitAt" or "item";
}

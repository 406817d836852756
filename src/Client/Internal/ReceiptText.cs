using System.Text.Json;

namespace AtomikD.Client.Internal;

/// <summary>What a receipt says. What is missing or of another type throws.</summary>
internal static class ReceiptText
{
    public static CommittedVersion Done(JsonElement json, CommitOptions options) => new()
    {
        Route = Text(json, "route"),
        Name = Text(json, "name"),
        Number = json.GetProperty("version").GetInt64(),
        Replaced = json.GetProperty("replaced").GetInt64(),
        State = VersionState.Live,
        CommittedAt = json.GetProperty("at").GetDateTimeOffset(),
        Durable = json.GetProperty("durable").GetBoolean(),
        Kind = Enum.TryParse(Text(json, "kind"), ignoreCase: true, out ItemKind kind) ? kind : ItemKind.Unknown,
        Files = json.GetProperty("files").GetInt64(),
        Bytes = json.GetProperty("bytes").GetInt64(),
        Labels = new Dictionary<string, string>(options.Labels, StringComparer.Ordinal),
        Path = Text(json, "target"),
        Repeated = json.GetProperty("repeated").GetBoolean(),
    };

    public static AtomikException Failed(JsonElement json, string? requestId) => new(Reasons.Parse(Text(json, "reason")), Text(json, "message"))
    {
        Hint = Text(json, "hint"),
        ItemPath = json.GetProperty("item").GetString(),
        IsRetryable = json.GetProperty("retryable").GetBoolean(),
        RequestId = requestId,
    };

    private static string Text(JsonElement json, string key) => json.GetProperty(key).GetString() ?? "";
}

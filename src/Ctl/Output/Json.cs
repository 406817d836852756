using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using AtomikD.Client;

namespace AtomikD.Ctl.Output;

/// <summary>What --json prints. docs/atomikctl.md has the shapes; they are part of what the version number speaks of.</summary>
internal static class Json
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One object in one line.</summary>
    public static string Line(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, s_options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static void Version(Utf8JsonWriter json, CommittedVersion version)
    {
        json.WriteString("route", version.Route);
        json.WriteString("name", version.Name);
        json.WriteNumber("version", version.Number);
        json.WriteNumber("replaced", version.Replaced);
        json.WriteString("state", Word(version.State));
        json.WriteBoolean("durable", version.Durable);
        json.WriteString("kind", Word(version.Kind));
        json.WriteNumber("files", version.Files);
        json.WriteNumber("bytes", version.Bytes);
        json.WriteString("path", version.Path);
        json.WriteString("at", Words.Iso(version.CommittedAt));
        json.WriteString("by", version.CommittedBy);
        json.WriteStartObject("labels");
        foreach ((string key, string value) in version.Labels.OrderBy(label => label.Key, StringComparer.Ordinal))
            json.WriteString(key, value);
        json.WriteEndObject();
    }

    public static void Event(Utf8JsonWriter json, CommitEvent e)
    {
        json.WriteNumber("sequence", e.Sequence);
        json.WriteString("operation", Word(e.Operation));
        json.WriteBoolean("initial", e.IsInitial);
        Version(json, e.Version);
    }

    public static void Entry(Utf8JsonWriter json, HistoryEntry entry)
    {
        json.WriteNumber("sequence", entry.Sequence);
        json.WriteString("at", Words.Iso(entry.At));
        json.WriteString("route", entry.Route);
        json.WriteString("name", entry.Name);
        json.WriteString("door", Word(entry.Door));
        json.WriteString("operation", entry.Failure is null ? Word(entry.Operation) : null);
        json.WriteString("by", entry.RequestedBy);
        json.WriteString("requestId", entry.RequestId);
        json.WritePropertyName("version");
        if (entry.Version is { } version)
            json.WriteNumberValue(version.Number);
        else
            json.WriteNullValue();
        json.WriteString("reason", entry.Failure is { } failure ? Failure.Word(failure.Reason) : null);
        json.WriteString("message", entry.Failure?.Message);
    }

    public static void Status(Utf8JsonWriter json, ServiceStatus status)
    {
        json.WriteString("daemonVersion", status.DaemonVersion);
        json.WriteString("startedAt", Words.Iso(status.StartedAt));
        json.WriteStartArray("routes");
        foreach (RouteStatus route in status.Routes)
        {
            json.WriteStartObject();
            Route(json, route);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public static void Error(Utf8JsonWriter json, Failure failure)
    {
        json.WriteString("reason", failure.Reason);
        json.WriteString("message", failure.Message);
        json.WriteString("hint", failure.Hint);
        json.WriteBoolean("retryable", failure.IsRetryable);
        json.WriteString("route", failure.Route);
        json.WriteString("name", failure.Name);
        json.WriteString("item", failure.Item);
    }

    /// <summary>As in receipts: file, folder, live.</summary>
    public static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static void Route(Utf8JsonWriter json, RouteStatus route)
    {
        json.WriteString("name", route.Name);
        json.WriteString("staging", route.Staging);
        json.WriteString("target", route.Target);
        json.WriteString("vault", route.Vault);
        json.WriteBoolean("healthy", route.IsHealthy);
        json.WriteString("trouble", route.Trouble);
        json.WriteStartArray("warnings");
        foreach (string warning in route.Warnings)
            json.WriteStringValue(warning);
        json.WriteEndArray();
        json.WriteString("overwrite", route.Overwrite);
        json.WriteBoolean("durable", route.IsDurable);
        json.WriteNumber("maxUpload", route.MaxUpload);
        json.WriteNumber("queueLength", route.QueueLength);
        json.WriteNumber("queueOldestSeconds", Math.Round(route.QueueOldestAge.TotalSeconds, 3));
        json.WriteNumber("retainedVersions", route.RetainedVersions);
        json.WriteNumber("retainedBytes", route.RetainedBytes);
        json.WriteNumber("unmarkedItems", route.UnmarkedItems);
        json.WriteNumber("unmarkedOldestSeconds", Math.Round(route.UnmarkedOldestAge.TotalSeconds, 3));
        json.WriteNumber("stuckMarkers", route.StuckMarkers);
        json.WriteNumber("lostAndFound", route.LostAndFound);
        json.WriteNumber("commits", route.Commits);
        json.WriteNumber("failures", route.Failures);
        json.WriteString("lastCommitAt", route.LastCommitAt is { } at ? Words.Iso(at) : null);
        json.WriteStartObject("held");
        foreach ((string name, string reason) in route.HeldNames.OrderBy(held => held.Key, StringComparer.Ordinal))
            json.WriteString(name, reason);
        json.WriteEndObject();
    }
}

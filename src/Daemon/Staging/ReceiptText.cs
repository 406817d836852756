using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using AtomikD.Commits;
using AtomikD.Versions;

namespace AtomikD.Staging;

/// <summary>The JSON of <c>NAME.done</c> and <c>NAME.failed</c>.</summary>
internal static class ReceiptText
{
    /// <summary>Receipts are read by people and shells: only what JSON demands is escaped.</summary>
    public static JavaScriptEncoder Encoder => JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    private static readonly JsonWriterOptions s_writer = new() { Encoder = Encoder };

    public static string Done(string route, Journal.VersionRow version, string targetPath, bool repeated) => Write(json =>
    {
        json.WriteString("route", route);
        json.WriteString("name", version.Name);
        json.WriteNumber("version", version.Number);
        json.WriteNumber("replaced", version.Replaced);
        json.WriteBoolean("durable", version.Durable);
        json.WriteString("kind", version.Kind.Word());
        json.WriteNumber("files", version.Files);
        json.WriteNumber("bytes", version.Bytes);
        json.WriteString("target", targetPath);
        json.WriteString("at", At(version.CommittedAt));
        json.WriteBoolean("repeated", repeated);
    });

    public static string Failed(string route, string name, Refusal refusal, string? item, DateTimeOffset at) => Write(json =>
    {
        json.WriteString("reason", refusal.Reason.WireName());
        json.WriteString("message", refusal.Message);
        json.WriteString("hint", refusal.Hint);
        json.WriteString("route", route);
        json.WriteString("name", name);
        if (item is null)
            json.WriteNull("item");
        else
            json.WriteString("item", item);
        json.WriteBoolean("retryable", refusal.IsRetryable);
        json.WriteString("at", At(at));
    });

    /// <summary>RFC 3339, UTC, milliseconds.</summary>
    private static string At(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");

    private static string Write(Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, s_writer))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}

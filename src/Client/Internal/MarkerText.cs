using System.Buffers;
using System.Text.Json;

namespace AtomikD.Client.Internal;

/// <summary>The JSON of a marker.</summary>
internal static class MarkerText
{
    public static byte[] Write(string name, CommitOptions options, string? traceparent)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            if (options.Overwrite is { } overwrite)
                json.WriteBoolean("overwrite", overwrite);
            if (options.ExpectedVersion is { } expected)
                json.WriteNumber("expectedVersion", expected);
            if (options.RequestId is { } id)
                json.WriteString("requestId", id);
            if (options.Sha256 is { } sha256)
                json.WriteString("sha256", sha256);
            if (options.Synced)
                json.WriteBoolean("synced", true);
            if (options.Labels.Count > 0)
            {
                json.WriteStartObject("labels");
                foreach ((string label, string value) in options.Labels)
                    json.WriteString(label, value);
                json.WriteEndObject();
            }
            if (traceparent is not null)
                json.WriteString("traceparent", traceparent);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }
}

using System.Text.Json;
using System.Text.Unicode;
using AtomikD.Commits;

namespace AtomikD.Staging;

/// <summary>
/// Reads the text of a marker: nothing (white space counts as nothing), or one JSON object. What is wrong is told with its
/// position and never with the contents: a marker may be a hard link to somebody else's file.
/// </summary>
internal static class MarkerText
{
    /// <summary>In bytes.</summary>
    public const int MaxLength = 64 * 1024;

    /// <summary>Characters.</summary>
    public const int MaxRequestId = 256;

    public const int MaxLabels = 64;

    public static bool TryParse(ReadOnlySpan<byte> text, out CommitOptions options, out string problem)
    {
        options = CommitOptions.None;
        problem = "";
        if (text.Trim(" \t\r\n"u8).IsEmpty)
            return true;
        if (text.Length > MaxLength)
            return Wrong(out problem, $"it has more than {MaxLength} bytes");
        if (text.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
            return Wrong(out problem, "it starts with a byte order mark, at byte 0");
        if (!Utf8.IsValid(text))
            return Wrong(out problem, $"it is not valid UTF-8, at byte {ValidPrefix(text)}");
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = 4 });
        try
        {
            return TryRead(ref reader, ref options, out problem);
        }
        catch (JsonException e)
        {
            return Wrong(out problem, $"it is not valid JSON, at line {e.LineNumber + 1}, byte {e.BytePositionInLine} of the line");
        }
        catch (InvalidOperationException)
        {
            return Wrong(out problem, $"it has a string that is not valid Unicode, at byte {reader.TokenStartIndex}");
        }
    }

    private static bool TryRead(ref Utf8JsonReader reader, ref CommitOptions options, out string problem)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return Wrong(out problem, $"it is not a JSON object, at byte {reader.TokenStartIndex}");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            long at = reader.TokenStartIndex;
            string key = reader.GetString()!;
            if (!seen.Add(key))
                return Wrong(out problem, $"it has a key twice, at byte {at}");
            reader.Read();
            if (!TryReadValue(ref reader, key, ref options, out problem))
            {
                problem = $"{problem}, at byte {(problem.StartsWith("it has an unknown", StringComparison.Ordinal) ? at : reader.TokenStartIndex)}";
                return false;
            }
        }
        // The reader throws on trailing text that is not white space.
        while (reader.Read())
        {
        }
        problem = "";
        return true;
    }

    private static bool TryReadValue(ref Utf8JsonReader reader, string key, ref CommitOptions options, out string problem)
    {
        problem = "";
        switch (key)
        {
            case "name" when reader.TokenType == JsonTokenType.String:
                options = options with { Name = reader.GetString() };
                return true;
            case "overwrite" when reader.TokenType is JsonTokenType.True or JsonTokenType.False:
                options = options with { Overwrite = reader.GetBoolean() };
                return true;
            case "expectedVersion" when reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long version) && version >= 0:
                options = options with { ExpectedVersion = version };
                return true;
            case "requestId" when reader.TokenType == JsonTokenType.String && reader.GetString() is { Length: > 0 and <= MaxRequestId } id:
                options = options with { RequestId = id };
                return true;
            case "sha256" when reader.TokenType == JsonTokenType.String && reader.GetString() is { Length: 64 } digest && digest.All(char.IsAsciiHexDigit):
                options = options with { Sha256 = digest.ToLowerInvariant() };
                return true;
            case "synced" when reader.TokenType is JsonTokenType.True or JsonTokenType.False:
                options = options with { Synced = reader.GetBoolean() };
                return true;
            case "traceparent" when reader.TokenType == JsonTokenType.String:
                options = options with { Traceparent = reader.GetString() };
                return true;
            case "labels" when reader.TokenType == JsonTokenType.StartObject:
                return TryReadLabels(ref reader, ref options, out problem);
            case "name" or "traceparent":
                return Wrong(out problem, $"\"{key}\" is not a string");
            case "requestId":
                return Wrong(out problem, $"\"requestId\" is not a string of 1 to {MaxRequestId} characters");
            case "overwrite" or "synced":
                return Wrong(out problem, $"\"{key}\" is neither true nor false");
            case "expectedVersion":
                return Wrong(out problem, "\"expectedVersion\" is not a whole number of 0 or more");
            case "sha256":
                return Wrong(out problem, "\"sha256\" is not a string of 64 hexadecimal digits");
            case "labels":
                return Wrong(out problem, "\"labels\" is not an object");
            default:
                return Wrong(out problem, "it has an unknown key");
        }
    }

    private static bool TryReadLabels(ref Utf8JsonReader reader, ref CommitOptions options, out string problem)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string label = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                return Wrong(out problem, "a label is not a string");
            if (!labels.TryAdd(label, reader.GetString()!))
                return Wrong(out problem, "it has a label twice");
            if (labels.Count > MaxLabels)
                return Wrong(out problem, $"it has more than {MaxLabels} labels");
        }
        options = options with { Labels = labels };
        problem = "";
        return true;
    }

    private static int ValidPrefix(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (System.Text.Rune.DecodeFromUtf8(text[at..], out _, out int used) == System.Buffers.OperationStatus.Done)
            at += used;
        return at;
    }

    private static bool Wrong(out string problem, string what)
    {
        problem = what;
        return false;
    }
}

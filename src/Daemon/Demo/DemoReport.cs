using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace AtomikD.Demo;

/// <summary>What came out. <see cref="HasSucceeded"/> decides the exit code.</summary>
internal sealed record DemoReport
{
    public required TimeSpan Elapsed { get; init; }

    public required IReadOnlyList<Published> Published { get; init; }

    public required Tally Tally { get; init; }

    /// <summary>Replaced versions that were deleted.</summary>
    public required long Collected { get; init; }

    /// <summary>Replaced versions still in the vault when it was over, each read to its last byte.</summary>
    public required int Kept { get; init; }

    public required TimeSpan KeepFor { get; init; }

    public required bool IsInterrupted { get; init; }

    public required IReadOnlyList<string> LeftOver { get; init; }

    /// <summary>What else went wrong.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    public bool IsDurable => Published.Count > 0 && Published.All(commit => commit.IsDurable);

    public bool HasSucceeded => !IsInterrupted && Published.Count > 0 && Tally is { Torn: 0, Missing: 0, Reads: > 0 } && LeftOver.Count == 0 && Problems.Count == 0;

    private double PerSecond => Published.Count / Math.Max(0.001, Elapsed.TotalSeconds);

    public IEnumerable<string> AllProblems => Problems.Concat(Tally.Problems).Concat(LeftOver.Select(what => $"left over: {what}"));

    public string Text()
    {
        var text = new StringBuilder();
        void Row(string what, string value) => text.Append($"  {what,-28}{value}\n");
        Row("commits", $"{Published.Count:N0} in {Elapsed.TotalSeconds:0.0} s");
        Row("per second", $"{PerSecond:0.0}");
        Row("marker to live", Latencies(Published.Where(commit => commit.LiveMicroseconds >= 0).Select(commit => commit.LiveMicroseconds)));
        Row("marker to receipt", Latencies(Published.Select(commit => commit.ToldMicroseconds)));
        if (Published.Count > 0)
            Row("durable", IsDurable ? "yes: synced before they were told" : "no: this file system keeps nothing over a power cut");
        Row("torn reads", $"{Tally.Torn:N0}");
        Row("missing reads", $"{Tally.Missing:N0}");
        if (Tally.Late > 0)
            Row("reads outlived", $"{Tally.Late:N0} without a lock took longer than KeepFor ({KeepFor.TotalSeconds:0.#} s) and found their version gone, as told");
        Row("read and verified", $"{Tally.Files:N0} files, {Tally.Bytes / 1e6:N0} MB");
        Row("versions held by readers", Tally.Held == 0 ? "0" : $"{Tally.Held:N0}, each while {Tally.Outlived.Fewest:N0} to {Tally.Outlived.Most:N0} younger ones were deleted");
        Row("versions collected", $"{Collected:N0}, {Kept} kept for rollback");
        Row("left over", LeftOver.Count == 0 ? "nothing" : $"{LeftOver.Count}");
        text.Append('\n');
        foreach (string problem in AllProblems)
            text.Append($"  {problem}\n");
        text.Append(Sentence());
        return text.ToString();
    }

    private string Sentence()
    {
        if (IsInterrupted)
            return $"Interrupted. {(LeftOver.Count == 0 ? "Nothing was left behind." : "Not everything could be cleaned up.")}";
        if (!HasSucceeded)
            return Published.Count == 0 ? "FAILED: nothing went live." : "FAILED: see above.";
        return $"Proved: while {Published.Count:N0} versions of a folder replaced each other, each of {Tally.Reads:N0} reads found one version, whole, to the last byte; "
            + "the folder was never missing, its version never went backwards"
            + (Tally.Held == 0 ? "" : ", what readers had locked stayed until they were done while younger versions were deleted")
            + ", and nothing was left over.";
    }

    public string Json()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", HasSucceeded);
            json.WriteBoolean("interrupted", IsInterrupted);
            json.WriteNumber("seconds", Math.Round(Elapsed.TotalSeconds, 3));
            json.WriteNumber("commits", Published.Count);
            json.WriteNumber("perSecond", Math.Round(PerSecond, 1));
            Write(json, "liveMilliseconds", Published.Where(commit => commit.LiveMicroseconds >= 0).Select(commit => commit.LiveMicroseconds));
            Write(json, "toldMilliseconds", Published.Select(commit => commit.ToldMicroseconds));
            json.WriteBoolean("durable", IsDurable);
            json.WriteNumber("torn", Tally.Torn);
            json.WriteNumber("missing", Tally.Missing);
            json.WriteNumber("outlived", Tally.Late);
            json.WriteNumber("reads", Tally.Reads);
            json.WriteNumber("files", Tally.Files);
            json.WriteNumber("bytes", Tally.Bytes);
            json.WriteNumber("held", Tally.Held);
            json.WriteNumber("collected", Collected);
            json.WriteNumber("kept", Kept);
            json.WriteNumber("leftOver", LeftOver.Count);
            json.WriteStartArray("problems");
            foreach (string problem in AllProblems)
                json.WriteStringValue(problem);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static string Latencies(IEnumerable<long> microseconds)
    {
        long[] sorted = [.. microseconds.Order()];
        return sorted.Length == 0 ? "not seen" : $"p50 {At(sorted, 0.5):0.0} ms, p99 {At(sorted, 0.99):0.0} ms";
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<long> microseconds)
    {
        long[] sorted = [.. microseconds.Order()];
        json.WriteStartObject(name);
        if (sorted.Length > 0)
        {
            json.WriteNumber("p50", At(sorted, 0.5));
            json.WriteNumber("p99", At(sorted, 0.99));
        }
        json.WriteEndObject();
    }

    /// <summary>In milliseconds; the smallest value that as many are not above.</summary>
    private static double At(long[] sorted, double part) => sorted[(int)Math.Ceiling(part * sorted.Length) - 1] / 1000.0;
}

using System.Buffers.Text;
using System.Globalization;
using System.Text;
using AtomikD.Commits;
using AtomikD.Staging;
using AtomikD.V1;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Grpc.Core;

namespace AtomikD.Api;

/// <summary>What a request says, checked. What is wrong is told with the field, what was expected, and what to do.</summary>
internal static class Requests
{
    private const int DefaultPage = 100;
    private const int LargestPage = 1000;

    /// <summary>In characters; it is told with every refusal.</summary>
    private const int LongestReason = 1024;

    /// <summary>
    /// Bytes of rows after which a page ends, however many were asked for: with the row that crosses it, it is still below the
    /// 4 MiB that clients take.
    /// </summary>
    private const int PageBytes = 1 << 20;

    public static CommitOptions OptionsOf(CommitRequest request, ServerCallContext call) => Checked(new CommitOptions
    {
        Name = request.Name.Length > 0 ? request.Name : null,
        Overwrite = request.HasOverwrite ? request.Overwrite : null,
        ExpectedVersion = request.HasExpectedVersion ? request.ExpectedVersion : null,
        RequestId = IdOf(request.RequestId),
        Sha256 = request.Sha256.Length > 0 ? request.Sha256 : null,
        Synced = request.Synced,
        Labels = LabelsOf(request.Labels),
        Traceparent = TraceparentOf(call),
    });

    public static CommitOptions OptionsOf(UploadHeader header, ServerCallContext call) => Checked(new CommitOptions
    {
        Name = header.Name,
        Overwrite = header.HasOverwrite ? header.Overwrite : null,
        ExpectedVersion = header.HasExpectedVersion ? header.ExpectedVersion : null,
        RequestId = IdOf(header.RequestId),
        Sha256 = header.Sha256.Length > 0 ? header.Sha256 : null,
        Labels = LabelsOf(header.Labels),
        Traceparent = TraceparentOf(call),
    });

    public static CommitOptions OptionsOf(RollbackRequest request, ServerCallContext call) => Checked(new CommitOptions
    {
        ExpectedVersion = request.HasExpectedVersion ? request.ExpectedVersion : null,
        RequestId = IdOf(request.RequestId),
        Traceparent = TraceparentOf(call),
    });

    public static CommitOptions OptionsOf(RemoveRequest request, ServerCallContext call) => Checked(new CommitOptions
    {
        ExpectedVersion = request.HasExpectedVersion ? request.ExpectedVersion : null,
        RequestId = IdOf(request.RequestId),
        Traceparent = TraceparentOf(call),
    });

    /// <summary>A name in the target or in staging.</summary>
    public static string NameOf(string name, string route) => ItemNames.WhatIsWrong(Encoding.UTF8.GetBytes(name)) is { } wrong
        ? throw Failures.From(new Refusal(Reason.InvalidName, $"The name cannot be used: {wrong}.", "Give the name of an item, without a path."), route)
        : name;

    /// <summary>Why a name is held.</summary>
    public static string ReasonOf(string reason) => reason.Length switch
    {
        0 => "no reason was given",
        > LongestReason => throw Failures.BadRequest($"reason has {reason.Length} characters.", $"Give at most {LongestReason}."),
        _ => reason,
    };

    public static int PageSizeOf(int asked) => asked switch
    {
        < 0 => throw Failures.BadRequest($"page_size is {asked}.", $"Give 0 for the default ({DefaultPage}), or 1 to {LargestPage}."),
        0 => DefaultPage,
        _ => Math.Min(asked, LargestPage),
    };

    /// <summary>The sequence that the next page is below.</summary>
    public static long PositionOf(string pageToken)
    {
        if (pageToken.Length == 0)
            return long.MaxValue;
        Span<byte> text = stackalloc byte[32];
        return pageToken.Length <= 24 && Convert.TryFromBase64String(pageToken, text, out int length)
            && Utf8Parser.TryParse(text[..length], out long position, out int used) && used == length && position > 0
            ? position
            : throw Failures.BadRequest("page_token is not one that this service gave.", "Give next_page_token of the page before, or nothing for the first.");
    }

    /// <summary>As many as were asked for, and as fit into one message; at least one.</summary>
    public static List<T> PageOf<T>(IEnumerable<T> rows, int size)
        where T : IMessage
    {
        var page = new List<T>();
        int bytes = 0;
        foreach (T row in rows.Take(size))
        {
            page.Add(row);
            bytes += row.CalculateSize();
            if (bytes >= PageBytes)
                break;
        }
        return page;
    }

    public static string PageTokenOf(long position) => Convert.ToBase64String(Encoding.ASCII.GetBytes(position.ToString(CultureInfo.InvariantCulture)));

    private static CommitOptions Checked(CommitOptions options)
    {
        if (options.ExpectedVersion < 0)
            throw Failures.BadRequest($"expected_version is {options.ExpectedVersion}.", "Give 0 (nothing may be there), the number of a version, or leave it out.");
        if (options.RequestId?.Length > MarkerText.MaxRequestId)
            throw Failures.BadRequest($"request_id has {options.RequestId.Length} characters.", $"Give at most {MarkerText.MaxRequestId}.");
        if (options.Sha256 is { } sha256 && (sha256.Length != 64 || !sha256.All(char.IsAsciiHexDigit)))
            throw Failures.BadRequest("sha256 is not 64 hexadecimal digits.", "Give the digest of the file, or of the folder's SHA256SUMS.");
        if (options.Labels is { Count: > MarkerText.MaxLabels })
            throw Failures.BadRequest($"There are {options.Labels.Count} labels.", $"Give at most {MarkerText.MaxLabels}.");
        // A marker has no room for more, and each list and watch carries them.
        if (options.Labels?.Sum(label => Encoding.UTF8.GetByteCount(label.Key) + Encoding.UTF8.GetByteCount(label.Value)) is > MarkerText.MaxLength and var bytes)
            throw Failures.BadRequest($"The labels have {bytes} bytes.", $"Give at most {MarkerText.MaxLength}.");
        return options with { Sha256 = options.Sha256?.ToLowerInvariant() };
    }

    private static string? IdOf(string id) => id.Length > 0 ? id : null;

    private static Dictionary<string, string>? LabelsOf(MapField<string, string> labels) => labels.Count > 0 ? labels.ToDictionary() : null;

    private static string? TraceparentOf(ServerCallContext call) => call.RequestHeaders.GetValue("traceparent");
}

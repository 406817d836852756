using System.Diagnostics.CodeAnalysis;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;

namespace AtomikD.Client.Internal;

/// <summary>From the messages of the wire to the library's own types. What a newer daemon says and this library does not know is Unknown.</summary>
internal static class Conversions
{
    public static CommittedVersion ToVersion(this V1.Version version, bool repeated = false) => new()
    {
        Route = version.Route,
        Name = version.Name,
        Number = version.Number,
        Replaced = version.Replaced,
        State = version.State switch
        {
            V1.VersionState.Live => VersionState.Live,
            V1.VersionState.Retained => VersionState.Retained,
            V1.VersionState.Deleted => VersionState.Deleted,
            _ => VersionState.Unknown,
        },
        CommittedAt = version.CommittedAt.ToTime(),
        Durable = version.Durable,
        Kind = version.Kind switch
        {
            V1.ItemKind.File => ItemKind.File,
            V1.ItemKind.Folder => ItemKind.Folder,
            V1.ItemKind.Other => ItemKind.Other,
            _ => ItemKind.Unknown,
        },
        Files = version.Files,
        Bytes = version.Bytes,
        CommittedBy = version.CommittedBy,
        Labels = version.Labels.ToLabels(),
        Path = version.Path,
        Repeated = repeated,
    };

    public static CommitEvent ToEvent(this V1.CommitEvent e) => new()
    {
        Sequence = e.Sequence,
        Version = e.Version.ToVersion(),
        Operation = e.Operation.ToOperation(),
        IsInitial = e.Initial,
    };

    public static HistoryEntry ToEntry(this V1.HistoryEntry entry)
    {
        bool succeeded = entry.ResultCase == V1.HistoryEntry.ResultOneofCase.Success;
        V1.Failure? failure = entry.ResultCase == V1.HistoryEntry.ResultOneofCase.Failure ? entry.Failure : null;
        V1.Success? success = succeeded ? entry.Success : null;
        return new HistoryEntry
        {
            Sequence = entry.Sequence,
            At = entry.At.ToTime(),
            Door = entry.Door switch
            {
                V1.Door.Marker => CommitDoor.Marker,
                V1.Door.Rpc => CommitDoor.Rpc,
                _ => CommitDoor.Unknown,
            },
            Route = success?.Version.Route ?? failure?.Route ?? "",
            Name = success?.Version.Name ?? failure?.Name ?? "",
            Operation = success?.Operation.ToOperation() ?? CommitOperation.Unknown,
            Version = success?.Version.ToVersion(),
            Failure = failure is null ? null : new HistoryFailure { Reason = Reasons.Parse(failure.Reason), Message = failure.Message },
            RequestedBy = success?.Version.CommittedBy ?? failure?.RequestedBy ?? "",
            RequestId = success?.RequestId ?? failure?.RequestId ?? "",
        };
    }

    public static ServiceStatus ToStatus(this V1.GetStatusResponse status) => new()
    {
        Routes = [.. status.Routes.Select(ToRoute)],
        DaemonVersion = status.DaemonVersion,
        StartedAt = status.StartedAt.ToTime(),
    };

    public static V1.HistoryFilter ToWire(this HistoryFilter filter) => filter switch
    {
        HistoryFilter.All => V1.HistoryFilter.Unspecified,
        HistoryFilter.Successes => V1.HistoryFilter.Successes,
        HistoryFilter.Failures => V1.HistoryFilter.Failures,
        _ => throw new ArgumentOutOfRangeException(nameof(filter), filter, "There is no such filter."),
    };

    public static void AddTo(this IDictionary<string, string> labels, MapField<string, string> wire)
    {
        foreach ((string label, string value) in labels)
            wire[label] = value;
    }

    private static RouteStatus ToRoute(V1.RouteStatus route) => new()
    {
        Name = route.Name,
        Staging = route.Staging,
        Target = route.Target,
        Vault = route.Vault,
        IsHealthy = route.Healthy,
        Trouble = route.Trouble,
        Warnings = [.. route.Warnings],
        Overwrite = route.Overwrite,
        IsDurable = route.Durable,
        MaxUpload = route.MaxUpload,
        QueueLength = route.QueueLength,
        QueueOldestAge = route.QueueOldestAge?.ToTimeSpan() ?? TimeSpan.Zero,
        RetainedVersions = route.RetainedVersions,
        RetainedBytes = route.RetainedBytes,
        UnmarkedItems = route.UnmarkedItems,
        UnmarkedOldestAge = route.UnmarkedOldestAge?.ToTimeSpan() ?? TimeSpan.Zero,
        StuckMarkers = route.StuckMarkers,
        LostAndFound = route.LostAndFound,
        Commits = route.Commits,
        Failures = route.Failures,
        LastCommitAt = route.LastCommitAt?.ToDateTimeOffset(),
        HeldNames = route.HeldNames.ToDictionary(held => held.Name, held => held.Reason, StringComparer.Ordinal),
    };

    private static CommitOperation ToOperation(this V1.Operation operation) => operation switch
    {
        V1.Operation.Commit => CommitOperation.Commit,
        V1.Operation.Rollback => CommitOperation.Rollback,
        V1.Operation.Remove => CommitOperation.Remove,
        _ => CommitOperation.Unknown,
    };

    private static Dictionary<string, string> ToLabels(this MapField<string, string> labels) => new(labels, StringComparer.Ordinal);

    private static DateTimeOffset ToTime(this Timestamp? timestamp) => timestamp?.ToDateTimeOffset() ?? default;
}

using AtomikD.Commits;
using AtomikD.Doors;
using AtomikD.Engine;
using AtomikD.Journal;
using AtomikD.V1;
using AtomikD.Versions;
using Google.Protobuf.WellKnownTypes;
using ItemKind = AtomikD.V1.ItemKind;
using Operation = AtomikD.V1.Operation;
using Version = AtomikD.V1.Version;
using VersionState = AtomikD.V1.VersionState;

namespace AtomikD.Api;

/// <summary>Rows of the journal as messages.</summary>
internal static class Messages
{
    public static Version VersionOf(VersionRow row, CommitEngine engine)
    {
        var version = new Version
        {
            Route = row.Route,
            Name = row.Name,
            Number = row.Number,
            State = row.State switch
            {
                Journal.VersionState.Live => VersionState.Live,
                Journal.VersionState.Retained => VersionState.Retained,
                _ => VersionState.Deleted,
            },
            Replaced = row.Replaced,
            CommittedAt = row.CommittedAt.ToTimestamp(),
            Durable = row.Durable,
            Kind = row.Kind switch
            {
                Versions.ItemKind.File => ItemKind.File,
                Versions.ItemKind.Folder => ItemKind.Folder,
                _ => ItemKind.Other,
            },
            Files = row.Files,
            Bytes = row.Bytes,
            CommittedBy = Peer.NameOf(row.Uid),
            Path = PathOf(row, engine),
        };
        if (row.Labels is { } labels)
            version.Labels.Add(labels.ToDictionary());
        return version;
    }

    public static Operation OperationOf(VersionRow row) => row.Operation switch
    {
        Journal.Operation.Rollback => Operation.Rollback,
        Journal.Operation.Remove => Operation.Remove,
        _ => Operation.Commit,
    };

    public static CommitEvent EventOf(VersionRow row, CommitEngine engine, bool isInitial) => new()
    {
        Sequence = row.Sequence,
        Version = VersionOf(row, engine),
        Operation = OperationOf(row),
        Initial = isInitial,
    };

    public static HistoryEntry EntryOf(VersionRow row, CommitEngine engine) => new()
    {
        Sequence = row.Sequence,
        At = row.CommittedAt.ToTimestamp(),
        Door = DoorOf(row.Door),
        Success = new Success { Version = VersionOf(row, engine), Operation = OperationOf(row), RequestId = row.RequestId ?? "" },
    };

    public static HistoryEntry EntryOf(FailureRow row) => new()
    {
        Sequence = row.Sequence,
        At = row.At.ToTimestamp(),
        Door = DoorOf(row.Door),
        Failure = new Failure
        {
            Route = row.Route,
            Name = row.Name,
            Reason = row.Reason.WireName(),
            Message = row.Message,
            RequestedBy = Peer.NameOf(row.Uid),
            RequestId = row.RequestId ?? "",
        },
    };

    private static V1.Door DoorOf(Journal.Door door) => door == Journal.Door.Rpc ? V1.Door.Rpc : V1.Door.Marker;

    private static string PathOf(VersionRow row, CommitEngine engine)
    {
        if (row.Operation == Journal.Operation.Remove || engine.FindRoute(row.Route) is not { } route)
            return "";
        return row.State switch
        {
            Journal.VersionState.Live => $"{route.Settings.Target}/{row.Name}",
            Journal.VersionState.Retained => $"{route.Settings.Vault}/{Vault.SlotName(row.Slot, row.Name)}",
            _ => "",
        };
    }
}

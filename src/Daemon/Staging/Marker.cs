using AtomikD.Commits;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Versions;

namespace AtomikD.Staging;

/// <summary>How the marker was noticed, which says whether its writer is known to have finished.</summary>
internal enum Discovery
{
    /// <summary>The kernel told that it was closed after writing, or renamed in.</summary>
    Closed,

    /// <summary>A scan, or its creation, showed it: it counts once nobody has it open for writing.</summary>
    Found,
}

/// <summary>What a look at a marker gave.</summary>
internal enum MarkerLook
{
    Read,

    /// <summary>No longer there.</summary>
    Gone,

    /// <summary>Its writer has not finished.</summary>
    Unfinished,

    Refused,
}

/// <summary>One marker as it stood when it was looked at.</summary>
internal sealed record Marker(MarkerIdentity Identity, FileStatus Status, CommitOptions Options)
{
    private const string Hint = "Drop an empty file, or one JSON object with keys of the protocol.";

    private const string FolderHint = "It is kept in the daemon's lost+found folder. Drop an empty file, or one JSON object with keys of the protocol.";

    /// <summary>
    /// Looks at <c>NAME.ready</c>. An empty one is never opened; nothing that is not a regular file ever is.
    /// </summary>
    public static MarkerLook Look(Fd staging, Name markerName, Discovery how, out Marker? marker, out Refusal? refusal)
    {
        marker = null;
        refusal = null;
        Errno error = Stat.StatAt(staging, markerName, out FileStatus status);
        if (error != Errno.None)
            return error == Errno.ENOENT ? MarkerLook.Gone : Refuse(Refusal.From(error, $"look at the marker {markerName}"), out refusal);
        var identity = new MarkerIdentity(Versions.Identity.Brief(staging, markerName, status), status.Modified, status.Size);
        marker = new Marker(identity, status, CommitOptions.None);
        if (!status.IsFile)
            return Refuse(Bad($"the marker is {TypeWord(status)}, not a file") with { Hint = status.IsFolder ? FolderHint : Hint }, out refusal);
        if (status.Size > MarkerText.MaxLength)
            return Refuse(Bad($"the marker has {status.Size} bytes, at most {MarkerText.MaxLength} are possible"), out refusal);
        if (status.Size == 0 && how == Discovery.Closed)
            return MarkerLook.Read;
        return LookInside(staging, markerName, how, ref marker, out refusal);
    }

    private static MarkerLook LookInside(Fd staging, Name markerName, Discovery how, ref Marker? marker, out Refusal? refusal)
    {
        refusal = null;
        Errno error = Fcntl.OpenBeneath(staging, markerName, Fcntl.O_RDONLY, out Fd file);
        using Fd closing = file;
        if (error is Errno.ENOENT or Errno.ELOOP)
            return MarkerLook.Gone;
        if (error == Errno.EAGAIN)
            return MarkerLook.Unfinished;
        if (error != Errno.None)
            return Refuse(Refusal.From(error, $"read the marker {markerName}"), out refusal);
        if (Stat.FStat(file, out FileStatus now) != Errno.None || !marker!.Identity.Matches(now))
            return MarkerLook.Unfinished;
        if (how == Discovery.Found && !IsFinished(file))
            return MarkerLook.Unfinished;
        if (now.Size == 0)
            return MarkerLook.Read;
        var text = new byte[(int)now.Size + 1];
        int length = 0;
        while (length < text.Length && Unistd.Read(file, text.AsSpan(length), out int got) == Errno.None && got > 0)
            length += got;
        if (length != now.Size)
            return MarkerLook.Unfinished;
        if (!MarkerText.TryParse(text.AsSpan(0, length), out CommitOptions options, out string problem))
            return Refuse(Bad($"the marker cannot be used: {problem}"), out refusal);
        marker = marker with { Options = options };
        return MarkerLook.Read;
    }

    /// <summary>A read lease is refused while anyone has the file open for writing.</summary>
    public static bool IsFinished(Fd file)
    {
        Errno lease = Fcntl.SetLease(file, Fcntl.F_RDLCK);
        if (lease == Errno.None)
            Fcntl.SetLease(file, Fcntl.F_UNLCK);
        // Where leases are not to be had (a foreign file without CAP_LEASE), the probe has said so.
        return lease != Errno.EAGAIN;
    }

    private static MarkerLook Refuse(Refusal what, out Refusal? refusal)
    {
        refusal = what;
        return MarkerLook.Refused;
    }

    private static Refusal Bad(string what) => new(Reason.BadMarker, char.ToUpperInvariant(what[0]) + what[1..] + ".", Hint);

    private static string TypeWord(in FileStatus status) => status.Type switch
    {
        Stat.S_IFLNK => "a symbolic link",
        Stat.S_IFIFO => "a FIFO",
        Stat.S_IFSOCK => "a socket",
        Stat.S_IFDIR => "a folder",
        _ => "a device",
    };
}

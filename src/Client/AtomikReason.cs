namespace AtomikD.Client;

/// <summary>Why a request was refused. The daemon's list is closed: receipts, RPC errors, logs and metrics use the same words.</summary>
public enum AtomikReason
{
    /// <summary>Not refused by the daemon (it was not reached, or did not answer in time), or for a reason that this version of the library does not know.</summary>
    Unknown = 0,

    /// <summary>Something stands at the destination and the request does not say to replace it.</summary>
    TargetExists,

    /// <summary>There is no such item in the staging folder.</summary>
    ItemNotFound,

    /// <summary>A file of the item is still open for writing, or was changed after the request.</summary>
    ItemBusy,

    /// <summary>The item is, or has in it, what cannot be published: a device, a FIFO, a socket, a set-id file, a mount point; or an upload is larger than the route allows.</summary>
    ItemUnsupported,

    /// <summary>The name in the target folder is not possible.</summary>
    InvalidName,

    /// <summary>The marker's text, or the request, cannot be understood; also a request id that was used for something else.</summary>
    BadMarker,

    /// <summary>Staging and target are not on one mount, and the route does not copy.</summary>
    CrossDevice,

    /// <summary>Another version is live than was expected.</summary>
    VersionMismatch,

    /// <summary>There is no such version, or nothing to roll back to.</summary>
    VersionNotFound,

    /// <summary>The contents are not those that the checksum speaks of.</summary>
    ChecksumMismatch,

    /// <summary>The caller may not do this, or the daemon or this process lacks a right.</summary>
    NotPermitted,

    /// <summary>There is no such route, or the caller may not use it.</summary>
    RouteNotFound,

    /// <summary>Commits of the name are held until it is released.</summary>
    Held,

    /// <summary>The disk or a quota is full, or less would be left than the route demands.</summary>
    NoSpace,

    /// <summary>The destination is a mount point, or the daemon is short of something; later it may work.</summary>
    Busy,

    /// <summary>The machine or the daemon went down before the item was safe.</summary>
    Interrupted,

    /// <summary>The disk or the journal reported an error.</summary>
    IoError,
}

using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Versions;

namespace AtomikD.Routes;

/// <summary>The open folders of a route: made when they come, closed when one of them is no longer what the path says.</summary>
internal sealed class OpenFolders : IDisposable
{
    public static Name OwnFolder { get; } = Name.Of(".atomikd");

    private readonly RouteSettings _settings;
    private readonly Name _stagingPath;
    private readonly Name _targetPath;
    private readonly Name _vaultPath;
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _givingUp = new();
    private int _users;
    private bool _isRetired;

    private OpenFolders(RouteSettings settings, Fd staging, FileStatus stagingStatus, Fd target, FileStatus targetStatus, Vault vault, Fd? own)
    {
        _settings = settings;
        _stagingPath = Name.Of(settings.Staging);
        _targetPath = Name.Of(settings.Target);
        _vaultPath = Name.Of(settings.Vault);
        Staging = staging;
        StagingStatus = stagingStatus;
        Target = target;
        TargetStatus = targetStatus;
        Vault = vault;
        Own = own;
    }

    public Fd Staging { get; }

    public FileStatus StagingStatus { get; }

    public Fd Target { get; }

    public FileStatus TargetStatus { get; }

    public Vault Vault { get; }

    /// <summary>The daemon's own folder in staging; null where staging and vault are on one mount.</summary>
    public Fd? Own { get; }

    public bool CrossDevice => Own is not null;

    /// <summary>The target's file system keeps what was synced over a power cut.</summary>
    public required bool Durable { get; init; }

    /// <summary>The file system tells of no changes made elsewhere.</summary>
    public required bool NeedsPolling { get; init; }

    public required Trust Trust { get; init; }

    /// <summary>When the descriptors were opened: syncfs reports errors only since then.</summary>
    public required Timestamp OpenedAt { get; init; }

    /// <summary>Where receipts are made and markers are taken to: on the mount of staging.</summary>
    public Fd Workshop => Own ?? Vault.Folder;

    public Fd StrayFolder => Own ?? Vault.LostAndFound;

    public static Refusal? Open(RouteSettings settings, bool crossDevice, bool durable, bool needsPolling, Trust trust, Timestamp now, out OpenFolders? folders)
    {
        folders = null;
        Refusal? refusal = OpenFolder(settings.Staging, out Fd staging, out FileStatus stagingStatus);
        Fd? own = null;
        Vault? vault = null;
        Fd target = new();
        FileStatus targetStatus = default;
        refusal ??= OpenFolder(settings.Target, out target, out targetStatus);
        refusal ??= Vault.Open(settings.Vault, target, targetStatus, out vault);
        if (refusal is null && crossDevice)
            refusal = OpenOwn(settings.Staging, staging, out own);
        if (refusal is null)
        {
            folders = new OpenFolders(settings, staging, stagingStatus, target, targetStatus, vault!, own)
            {
                Durable = durable,
                NeedsPolling = needsPolling,
                Trust = trust,
                OpenedAt = now,
            };
            return null;
        }
        staging.Dispose();
        target.Dispose();
        vault?.Dispose();
        own?.Dispose();
        return refusal;
    }

    private static Refusal? OpenFolder(string path, out Fd folder, out FileStatus status)
    {
        status = default;
        Errno error = Fcntl.Open(Name.Of(path), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0, out folder);
        if (error == Errno.None)
            error = Stat.FStat(folder, out status);
        return error == Errno.None ? null : Refusal.From(error, $"open the folder {path}");
    }

    /// <summary>Only a folder of the daemon's own, which nobody else may enter, is taken: a producer can plant the name.</summary>
    private static Refusal? OpenOwn(string stagingPath, Fd staging, out Fd? own)
    {
        own = null;
        string path = $"{stagingPath}/{OwnFolder}";
        Errno error = Stat.MkdirAt(staging, OwnFolder, 0x1C0);
        if (error is not (Errno.None or Errno.EEXIST))
            return Refusal.From(error, $"make {path}");
        error = Fcntl.OpenBeneath(staging, OwnFolder, Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, out Fd opened);
        FileStatus status = default;
        if (error == Errno.None)
            error = Stat.FStat(opened, out status);
        if (error == Errno.None && status.Uid == Unistd.GetEuid() && (status.Permissions & 0x3F) == 0)
        {
            own = opened;
            return null;
        }
        opened.Dispose();
        return error != Errno.None
            ? Refusal.From(error, $"open {path}")
            : new Refusal(Reason.NotPermitted, $"{path} is not a folder of the daemon's own with mode 0700.", "Move it away: the daemon keeps claimed items there.");
    }

    /// <summary>Do the configured paths still lead to the folders that are open here, on the same mounts?</summary>
    public string? WhatChanged() =>
        Changed(_stagingPath, StagingStatus) ?? Changed(_targetPath, TargetStatus) ?? Changed(_vaultPath, Vault.Status);

    private static string? Changed(Name path, in FileStatus opened)
    {
        Errno error = Stat.StatPath(path, out FileStatus now);
        if (error != Errno.None)
            return $"{path} cannot be reached any more: {error.Describe()}";
        return now.IsSameFile(opened) && now.MountId == opened.MountId ? null : $"{path} leads to another folder than before";
    }

    /// <summary>The same disk, only other folders: what was written there before is as good as it was.</summary>
    public bool IsOnSameMounts(in FileStatus staging, in FileStatus target) =>
        staging.Device == StagingStatus.Device && staging.MountId == StagingStatus.MountId &&
        target.Device == TargetStatus.Device && target.MountId == TargetStatus.MountId;

    /// <summary>
    /// The path that now leads to another disk, or mount, than these folders were on; null where there is none. Other folders on
    /// the same mount are not elsewhere, nor is the same disk when it is mounted again.
    /// </summary>
    public Name? WhatIsElsewhere() => IsElsewhere(_stagingPath, StagingStatus) ? _stagingPath : IsElsewhere(_targetPath, TargetStatus) ? _targetPath : null;

    private static bool IsElsewhere(Name path, in FileStatus opened) => Stat.StatPath(path, out FileStatus now) == Errno.None
        && (now.Device != opened.Device || now.MountId != opened.MountId) && (now.Inode != opened.Inode || now.Born != opened.Born);

    /// <summary>For messages; not escaped: for programs, where the name is text.</summary>
    public string ItemPath(Name item, bool isEscaped = true) => $"{_settings.Staging}/{(isEscaped ? null : item.Text) ?? item.ToString()}";

    public string TargetPath(string name) => $"{_settings.Target}/{name}";

    /// <summary>As they were opened with; what has changed since is in the route.</summary>
    public RouteSettings Settings => _settings;

    /// <summary>They are being given up: what is long ends now.</summary>
    public bool IsRetired
    {
        get
        {
            lock (_gate)
                return _isRetired;
        }
    }

    /// <summary>Cancelled when they are being given up: for what waits for others while it holds them.</summary>
    public CancellationToken GivenUp => _givingUp.Token;

    /// <summary>Keeps the descriptors open until <see cref="Release"/>; false once they are being given up.</summary>
    public bool TryAcquire()
    {
        lock (_gate)
        {
            if (_isRetired)
                return false;
            _users++;
            return true;
        }
    }

    public void Release()
    {
        lock (_gate)
        {
            if (--_users > 0 || !_isRetired)
                return;
        }
        Close();
    }

    /// <summary>No new user; closed, and the vault unlocked, once the last commit in work has left.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isRetired)
                return;
            _isRetired = true;
            // Not here: whoever waits for it goes on at once, and may let go of the folders.
            _ = _givingUp.CancelAsync();
            if (_users > 0)
                return;
        }
        Close();
    }

    /// <summary>Ends when the last user has left after <see cref="Dispose"/>: another may lock the vault then.</summary>
    public Task Closed => _closed.Task;

    private void Close()
    {
        Staging.Dispose();
        Target.Dispose();
        Own?.Dispose();
        Vault.Dispose();
        _closed.TrySetResult();
    }
}

namespace AtomikD.Configuration;

internal enum OverwritePolicy
{
    Never,
    OnRequest,
    Always,
}

internal enum Durability
{
    Full,
    None,
}

internal enum CrossDevicePolicy
{
    Refuse,
    Copy,
}

internal enum OpenFilesPolicy
{
    Wait,
    Ignore,
}

internal enum ReceiptsPolicy
{
    All,
    Failures,
}

/// <summary>Everything the configuration files say, checked. Immutable: a reload makes a new one.</summary>
internal sealed record Settings
{
    public required DaemonSettings Daemon { get; init; }

    /// <summary>In the order of the files.</summary>
    public required IReadOnlyList<RouteSettings> Routes { get; init; }
}

/// <summary>The [Daemon] section. The defaults are the documented ones.</summary>
internal sealed record DaemonSettings
{
    public string StateDirectory { get; init; } = "/var/lib/atomikd";

    public const string DefaultSocket = "/run/atomikd/atomikd.sock";

    public string Socket { get; init; } = DefaultSocket;

    public uint SocketMode { get; init; } = 0x1B0;

    /// <summary>Numeric group; null = the daemon's own.</summary>
    public uint? SocketGroup { get; init; }

    /// <summary>Address and port; empty = none.</summary>
    public string Admin { get; init; } = "127.0.0.1:9847";

    public bool AdminNames { get; init; }

    public TimeSpan HistoryKeepFor { get; init; } = TimeSpan.FromDays(30);

    public TimeSpan Rescan { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>One [Routes:NAME] section. The defaults are the documented ones.</summary>
internal sealed record RouteSettings
{
    public required string Name { get; init; }

    /// <summary>Absolute path.</summary>
    public required string Staging { get; init; }

    /// <summary>Absolute path.</summary>
    public required string Target { get; init; }

    /// <summary>Absolute path; by default .atomikd in the target.</summary>
    public required string Vault { get; init; }

    public OverwritePolicy Overwrite { get; init; } = OverwritePolicy.OnRequest;

    public Durability Durability { get; init; } = Durability.Full;

    /// <summary>Replaced versions kept per name.</summary>
    public int Keep { get; init; } = 2;

    public TimeSpan KeepFor { get; init; } = TimeSpan.FromMinutes(1);

    public TimeSpan HoldMax { get; init; } = TimeSpan.FromHours(1);

    public CrossDevicePolicy CrossDevice { get; init; } = CrossDevicePolicy.Refuse;

    public OpenFilesPolicy OpenFiles { get; init; } = OpenFilesPolicy.Wait;

    public ReceiptsPolicy Receipts { get; init; } = ReceiptsPolicy.All;

    public TimeSpan ReceiptsKeepFor { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Numeric owner given to items; null = as the producer left them.</summary>
    public uint? Owner { get; init; }

    public uint? Group { get; init; }

    public uint? FileMode { get; init; }

    public uint? DirectoryMode { get; init; }

    public AllowedUsers AllowUsers { get; init; } = AllowedUsers.Everyone;

    /// <summary>Bytes; copies and uploads are refused below it; 0 = off.</summary>
    public long MinFree { get; init; }

    /// <summary>Bytes.</summary>
    public long MaxUpload { get; init; } = 1L << 30;
}

/// <summary>Who may commit, by number: names were resolved when the configuration was read.</summary>
/// <param name="Users">Numeric users.</param>
/// <param name="Groups">Numeric groups (written @group).</param>
/// <param name="Members">Users who belong to one of the groups, resolved when read.</param>
internal sealed record AllowedUsers(IReadOnlySet<uint> Users, IReadOnlySet<uint> Groups, IReadOnlySet<uint> Members)
{
    public static AllowedUsers Everyone { get; } = new(new HashSet<uint>(), new HashSet<uint>(), new HashSet<uint>());

    /// <summary>Nothing was configured: whoever can reach it.</summary>
    public bool IsEveryone => Users.Count == 0 && Groups.Count == 0;

    /// <summary>For an owner of marker and item, of whom only the uid is known.</summary>
    public bool Allows(uint uid) => IsEveryone || Users.Contains(uid) || Members.Contains(uid);

    /// <summary>By contents, so that a reload can tell a route that stayed as it was.</summary>
    public bool Equals(AllowedUsers? other) => other is not null && Users.SetEquals(other.Users) && Groups.SetEquals(other.Groups) &&
        Members.SetEquals(other.Members);

    public override int GetHashCode() => HashCode.Combine(Users.Count, Groups.Count, Members.Count);
}

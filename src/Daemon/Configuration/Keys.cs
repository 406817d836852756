using AtomikD.Linux;

namespace AtomikD.Configuration;

/// <summary>One key: its name, its documented default, whether it may be empty, and what it sets.</summary>
/// <param name="Apply">Throws <see cref="ValueException"/> for a value that it does not take.</param>
internal sealed record Key<T>(string Name, string Default, bool MayBeEmpty, Func<T, ConfiguredValue, T> Apply);

/// <summary>The keys of [Daemon], in the documented order.</summary>
internal static class DaemonKeys
{
    public const string Section = "Daemon";

    private const uint Permissions = 0x1FF;

    public static IReadOnlyList<Key<DaemonSettings>> All { get; } =
    [
        new("StateDirectory", "/var/lib/atomikd", false, (s, v) => s with { StateDirectory = v.Path() }),
        new("Socket", DaemonSettings.DefaultSocket, false, (s, v) => s with { Socket = SocketPath(v) }),
        new("SocketMode", "0660", false, (s, v) => s with { SocketMode = v.Mode(Permissions) }),
        new("SocketGroup", "", true, (s, v) => s with { SocketGroup = v.IsEmpty ? null : v.Group() }),
        new("Admin", "127.0.0.1:9847", true, (s, v) => s with { Admin = v.IsEmpty ? "" : v.Endpoint() }),
        new("AdminNames", "no", false, (s, v) => s with { AdminNames = v.Boolean() }),
        new("HistoryKeepFor", "30d", false, (s, v) => s with { HistoryKeepFor = v.Time(TimeSpan.FromMinutes(1), Limits.Longest) }),
        new("Rescan", "30s", false, (s, v) => s with { Rescan = v.Time(TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1)) }),
    ];

    private static string SocketPath(ConfiguredValue value)
    {
        string path = value.Path();
        // sun_path holds 108 bytes, the last of which is the NUL.
        return System.Text.Encoding.UTF8.GetByteCount(path) <= 107
            ? path
            : throw new ValueException($"\"{path}\" is longer than the path of a socket can be (107 bytes). Write a shorter one.");
    }
}

/// <summary>The keys of [Routes:NAME], in the documented order.</summary>
internal static class RouteKeys
{
    public const string Prefix = "Routes:";
    public const string DefaultVault = ".atomikd";

    private const uint FileBits = 0x1FF;
    private const uint FolderBits = 0x1FF | Stat.S_ISGID | Stat.S_ISVTX;
    private const uint OwnerEnters = 0x140;

    public static IReadOnlyList<Key<RouteSettings>> All { get; } =
    [
        new("Staging", "", false, (s, v) => s with { Staging = v.Path() }),
        new("Target", "", false, (s, v) => s with { Target = v.Path() }),
        new("Vault", "", true, (s, v) => s with { Vault = v.IsEmpty ? "" : v.Path() }),
        new("Overwrite", "on-request", false, (s, v) => s with
        {
            Overwrite = v.Choice(("never", OverwritePolicy.Never), ("on-request", OverwritePolicy.OnRequest), ("always", OverwritePolicy.Always)),
        }),
        new("Durability", "full", false, (s, v) => s with { Durability = v.Choice(("full", Durability.Full), ("none", Durability.None)) }),
        new("Keep", "2", false, (s, v) => s with { Keep = v.Number(0, Limits.MostKept) }),
        new("KeepFor", "1min", false, (s, v) => s with { KeepFor = v.Time(TimeSpan.Zero, Limits.Longest) }),
        new("HoldMax", "1h", false, (s, v) => s with { HoldMax = v.Time(TimeSpan.Zero, Limits.Longest) }),
        new("CrossDevice", "refuse", false, (s, v) => s with
        {
            CrossDevice = v.Choice(("refuse", CrossDevicePolicy.Refuse), ("copy", CrossDevicePolicy.Copy)),
        }),
        new("OpenFiles", "wait", false, (s, v) => s with { OpenFiles = v.Choice(("wait", OpenFilesPolicy.Wait), ("ignore", OpenFilesPolicy.Ignore)) }),
        new("Receipts", "all", false, (s, v) => s with { Receipts = v.Choice(("all", ReceiptsPolicy.All), ("failures", ReceiptsPolicy.Failures)) }),
        new("ReceiptsKeepFor", "7d", false, (s, v) => s with { ReceiptsKeepFor = v.Time(TimeSpan.FromSeconds(1), Limits.Longest) }),
        new("Owner", "", true, (s, v) => s with { Owner = v.IsEmpty ? null : v.User() }),
        new("Group", "", true, (s, v) => s with { Group = v.IsEmpty ? null : v.Group() }),
        new("FileMode", "", true, (s, v) => s with { FileMode = v.IsEmpty ? null : v.Mode(FileBits) }),
        new("DirectoryMode", "", true, (s, v) => s with { DirectoryMode = v.IsEmpty ? null : FolderMode(v) }),
        new("AllowUsers", "", true, (s, v) => s with { AllowUsers = v.IsEmpty ? AllowedUsers.Everyone : v.Users() }),
        new("MinFree", "0", false, (s, v) => s with { MinFree = v.Size() }),
        new("MaxUpload", "1G", false, (s, v) => s with { MaxUpload = v.Size() }),
    ];

    private static uint FolderMode(ConfiguredValue value)
    {
        uint mode = value.Mode(FolderBits);
        return (mode & OwnerEnters) == OwnerEnters
            ? mode
            : throw new ValueException($"\"{value.Text}\" gives folders that their own owner cannot list and enter. Set at least 0500, such as 0755.");
    }
}

/// <summary>Bounds that keep a slip of the pen from becoming an overflow.</summary>
internal static class Limits
{
    public const int MostKept = 100_000;

    public static TimeSpan Longest { get; } = TimeSpan.FromDays(36_500);
}

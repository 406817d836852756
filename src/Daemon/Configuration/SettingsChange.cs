namespace AtomikD.Configuration;

/// <summary>Which changes a running daemon cannot take over.</summary>
internal static class SettingsChange
{
    private static readonly (string Key, Func<DaemonSettings, object?> Value)[] s_fixed =
    [
        ("StateDirectory", s => s.StateDirectory),
        ("Socket", s => s.Socket),
        ("SocketMode", s => s.SocketMode),
        ("SocketGroup", s => s.SocketGroup),
        ("Admin", s => s.Admin),
    ];

    /// <summary>An error for each key that needs a restart; with one of them the reload is refused whole.</summary>
    /// <param name="old">What the daemon runs with.</param>
    /// <param name="loaded">What was read now, without errors.</param>
    public static IReadOnlyList<ConfigurationError> Compare(Settings old, LoadResult loaded)
    {
        var errors = new List<ConfigurationError>();
        foreach ((string key, Func<DaemonSettings, object?> value) in s_fixed)
        {
            if (loaded.Settings is null || Equals(value(old.Daemon), value(loaded.Settings.Daemon)))
                continue;
            Origin origin = loaded.OriginOf(DaemonKeys.Section, key);
            errors.Add(new ConfigurationError(origin.IsDefault ? loaded.Files[0] : origin.File, origin.Line, key,
                "The change needs a restart. Restart the daemon, or take the change back; until then nothing of this configuration is applied.")
            { Section = DaemonKeys.Section });
        }
        return errors;
    }
}

using Xunit;

namespace AtomikD.Configuration;

public sealed class SettingsChangeTests
{
    [Fact]
    public void Keys_of_the_process_need_a_restart_and_others_do_not()
    {
        using ConfigFolder config = new ConfigFolder().Write("[Daemon]\nRescan = 1s\n[Routes:a]\nStaging=$/s\nTarget=$/t\n");
        Settings old = config.Load().Settings!;
        config.Write("[Daemon]\nRescan = 2s\nAdminNames = yes\nHistoryKeepFor = 2d\n[Routes:b]\nStaging=$/s\nTarget=$/t\nKeep=9\n");
        Assert.Empty(SettingsChange.Compare(old, config.Load()));

        config.Write("[Daemon]\nStateDirectory = $/state\nSocket = $/sock\nSocketMode = 0600\nSocketGroup = root\nAdmin =\n");
        IReadOnlyList<ConfigurationError> errors = SettingsChange.Compare(old, config.Load());
        Assert.Equal(["2 StateDirectory", "3 Socket", "4 SocketMode", "5 SocketGroup", "6 Admin"], errors.Select(e => $"{e.Line} {e.Key}"));
        Assert.All(errors, e => Assert.Contains("needs a restart", e.Message));
    }

    [Fact]
    public void Going_back_to_a_default_is_a_change_too()
    {
        using ConfigFolder config = new ConfigFolder().Write("[Daemon]\nAdmin =\n");
        Settings old = config.Load().Settings!;
        config.Write("[Daemon]\n");
        ConfigurationError error = Assert.Single(SettingsChange.Compare(old, config.Load()));
        Assert.Equal((config.Main, 0, "Admin"), (error.File, error.Line, error.Key));
    }
}

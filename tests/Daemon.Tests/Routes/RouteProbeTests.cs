using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Routes;

/// <summary>The probe where the test's own temporary folder is enough.</summary>
public sealed class RouteProbeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private RouteSettings Route() => new()
    {
        Name = "r",
        Staging = _folder.MakeFolder("staging"),
        Target = _folder.MakeFolder("target"),
        Vault = _folder["target/.atomikd"],
        Durability = Durability.None,
    };

    private static Finding Error(RouteSettings route, string message)
    {
        ProbeReport report = RouteProbe.Run(route);
        Assert.False(report.Healthy);
        Finding finding = Assert.Single(report.Findings, f => f.Severity == Severity.Error);
        Assert.Contains(message, finding.Message);
        Assert.NotEmpty(finding.Hint);
        return finding;
    }

    private IEnumerable<string> Everything() =>
        Directory.EnumerateFileSystemEntries(_folder.Path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 });

    [Fact]
    public void Good_folders_are_healthy_and_left_as_they_were()
    {
        RouteSettings route = Route();
        string[] before = [.. Everything().Order()];
        ProbeReport report = RouteProbe.Run(route);
        Assert.Empty(report.Findings.Where(f => f.Severity != Severity.Info).Select(f => f.Message));
        Assert.True(report.Healthy);
        Assert.False(report.CrossDevice);
        Assert.False(report.NeedsPolling);
        Assert.False(report.FoldsCase);
        Assert.Contains(report.Findings, f => f.Message.StartsWith("Renames work", StringComparison.Ordinal));
        Assert.Equal(before, Everything().Order());
    }

    [Fact]
    public void A_running_daemons_vault_is_used_without_its_lock_and_keeps_what_is_in_it()
    {
        RouteSettings route = Route();
        Directory.CreateDirectory(route.Vault, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _folder.Write("target/.atomikd/lock", "");
        _folder.Write("target/.atomikd/0000000000000~x", "slot");
        Fcntl.Open(Name.Of(_folder["target/.atomikd/lock"]), Fcntl.O_RDWR, 0, out Fd held);
        using (held)
        {
            Assert.Equal(Errno.None, SysFile.Flock(held, SysFile.LOCK_EX | SysFile.LOCK_NB));
            string[] before = [.. Everything().Order()];
            Assert.True(RouteProbe.Run(route).Healthy);
            Assert.Equal(before, Everything().Order());
        }
    }

    /// <summary>Between fork and exec a child has open whatever its parent had open at that moment.</summary>
    [Fact]
    public async Task Processes_that_are_started_meanwhile_do_not_make_it_doubt_the_leases()
    {
        RouteSettings route = Route();
        using var done = new CancellationTokenSource();
        Task starting = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
                Command.Run("true");
        }, TestContext.Current.CancellationToken);
        for (int i = 0; i < 1000; i++)
            Assert.Empty(RouteProbe.Run(route).Findings.Where(f => f.Severity == Severity.Error).Select(f => f.Message));
        await done.CancelAsync();
        await starting;
    }

    [Theory]
    [InlineData("staging")]
    [InlineData("target")]
    public void A_missing_folder_is_told(string which)
    {
        RouteSettings route = Route();
        Directory.Delete(_folder[which]);
        Assert.Contains("mkdir -p", Error(route, $"The {which} {_folder[which]} does not exist.").Hint);
    }

    [Fact]
    public void Both_missing_folders_are_told_at_once()
    {
        RouteSettings route = Route();
        Directory.Delete(_folder["staging"]);
        Directory.Delete(_folder["target"]);
        Assert.Equal(2, RouteProbe.Run(route).Findings.Count(f => f.Severity == Severity.Error));
    }

    [Fact]
    public void A_file_is_no_folder()
    {
        RouteSettings route = Route();
        Directory.Delete(route.Staging);
        File.WriteAllText(route.Staging, "");
        Error(route, "is not a folder");
    }

    [Fact]
    public void A_planted_link_is_no_vault()
    {
        RouteSettings route = Route();
        File.CreateSymbolicLink(route.Vault, _folder.MakeFolder("elsewhere"));
        Error(route, "is a symbolic link");
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder["elsewhere"]));
    }

    [Fact]
    public void A_file_is_no_vault()
    {
        RouteSettings route = Route();
        File.WriteAllText(route.Vault, "");
        Error(route, "is no folder");
    }

    [Fact]
    public void A_vault_that_others_can_enter_is_refused()
    {
        RouteSettings route = Route();
        Directory.CreateDirectory(route.Vault);
        File.SetUnixFileMode(route.Vault, (UnixFileMode)0x1E8);
        Assert.Contains("chmod 0700", Error(route, "mode 0750").Hint);
    }

    [Fact]
    public void Another_users_vault_is_refused_unless_it_is_the_daemons()
    {
        RouteSettings route = Route();
        Directory.CreateDirectory(route.Vault, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        uint other = Unistd.GetEuid() + 17;
        ProbeReport report = RouteProbe.Run(route, other);
        Assert.Contains(report.Findings, f => f.Severity == Severity.Error && f.Message.Contains("belongs to", StringComparison.Ordinal));
        Assert.True(RouteProbe.Run(route, Unistd.GetEuid()).Healthy);
    }

    [Fact]
    public void A_vault_beside_the_target_is_fine()
    {
        RouteSettings route = Route() with { Vault = _folder["vault"] };
        Assert.True(RouteProbe.Run(route).Healthy);
        Assert.False(Directory.Exists(route.Vault));
        Error(route with { Vault = _folder["missing/vault"] }, "The vault's parent");
    }

    [Fact]
    public void Too_little_room_is_a_warning()
    {
        ProbeReport report = RouteProbe.Run(Route() with { MinFree = 1L << 60 });
        Assert.True(report.Healthy);
        Assert.Contains(report.Findings, f => f.Severity == Severity.Warning && f.Message.Contains("MinFree", StringComparison.Ordinal));
    }

    [Fact]
    public void AllowUsers_needs_a_staging_where_nobody_else_can_rename()
    {
        RouteSettings route = Route() with { AllowUsers = Allowed(64_123), OpenFiles = OpenFilesPolicy.Ignore };
        Assert.True(RouteProbe.Run(route).Healthy);
        File.SetUnixFileMode(route.Staging, (UnixFileMode)0x1FF);
        Assert.Contains("chmod +t", Error(route, "everybody may write").Hint);
        File.SetUnixFileMode(route.Staging, (UnixFileMode)0x3FF);
        Assert.True(RouteProbe.Run(route).Healthy);
    }

    [Fact]
    public void AllowUsers_looks_at_owner_group_and_access_list()
    {
        Assert.SkipUnless(Unistd.GetEuid() == 0, "needs root to give folders away");
        RouteSettings route = Route() with { AllowUsers = Allowed(64_123) };
        Command.Shell("chown 64124 \"$1\"", route.Staging).Check();
        Error(route, "user 64124 owns");
        Command.Shell("chown 64123 \"$1\"", route.Staging).Check();
        Assert.True(RouteProbe.Run(route).Healthy);
        // A group with a member that is not allowed.
        User member = Pwd.All().First(u => u.Uid != 0);
        Command.Shell("chgrp \"$2\" \"$1\"; chmod g+w \"$1\"", route.Staging, $"{member.Gid}").Check();
        Error(route, "by a group");
        Assert.True(RouteProbe.Run(route with { AllowUsers = Allowed([64_123], member.Gid) }).Healthy);
        Command.Shell("chgrp 0 \"$1\"; chmod g-w \"$1\"", route.Staging).Check();
        if (Command.Find("setfacl") is not null && Command.Run("setfacl", "-m", "u:64125:rwx", route.Staging).Succeeded)
        {
            Error(route, "user 64125 may write in");
            Command.Shell("setfacl -m u:64125:rwx,m:r-x \"$1\"", route.Staging).Check();
            Assert.True(RouteProbe.Run(route).Healthy);
        }
    }

    private static AllowedUsers Allowed(uint user) => Allowed([user]);

    private static AllowedUsers Allowed(uint[] users, params uint[] groups) =>
        new(users.ToHashSet(), groups.ToHashSet(), groups.SelectMany(Accounts.MembersOf).ToHashSet());

    [Fact]
    public void It_costs_little()
    {
        RouteSettings route = Route();
        RouteProbe.Run(route);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (int i = 0; i < 10; i++)
            RouteProbe.Run(route);
        // Some milliseconds each on an idle machine; the bound only tells a mistake from a busy one.
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        TestContext.Current.TestOutputHelper?.WriteLine($"{watch.Elapsed.TotalMilliseconds / 10:f1} ms each");
    }
}

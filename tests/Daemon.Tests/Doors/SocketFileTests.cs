using System.Net.Sockets;
using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Doors;

/// <summary>The unix socket: who can connect to it, and what may be in its way.</summary>
public sealed class SocketFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private DaemonSettings Settings => new() { Socket = _folder["s"] };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0x1B0u)]
    [InlineData(0x180u)]
    [InlineData(0x1B6u)]
    public void It_has_the_configured_mode(uint mode)
    {
        using Socket socket = SocketFile.Bind(Settings with { SocketMode = mode });

        Assert.Equal((UnixFileMode)mode, File.GetUnixFileMode(_folder["s"]));
    }

    [Fact]
    public void It_has_the_configured_group()
    {
        Assert.SkipUnless(Unistd.GetEuid() == 0, "root alone may give files to other groups");
        using Socket socket = SocketFile.Bind(Settings with { SocketGroup = 4711 });

        Assert.Equal(Errno.None, Stat.StatPath(Name.Of(_folder["s"]), out FileStatus status));
        Assert.Equal(4711u, status.Gid);
    }

    [Fact]
    public void What_a_killed_daemon_left_behind_is_replaced()
    {
        using (var killed = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            killed.Bind(new UnixDomainSocketEndPoint(_folder["elsewhere"]));
            File.Move(_folder["elsewhere"], _folder["s"]); // So that closing does not remove it.
        }
        Assert.True(File.Exists(_folder["s"]));

        using Socket socket = SocketFile.Bind(Settings);
        socket.Listen();
        using var caller = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        caller.Connect(new UnixDomainSocketEndPoint(_folder["s"]));
    }

    [Fact]
    public void Another_daemon_that_listens_there_is_left_alone()
    {
        using Socket first = SocketFile.Bind(Settings);
        first.Listen();

        IOException refused = Assert.Throws<IOException>(() => SocketFile.Bind(Settings));

        Assert.Contains("Another process listens", refused.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder["s"]));
    }

    [Fact]
    public void A_file_of_that_name_is_not_touched()
    {
        _folder.Write("s", "precious");

        IOException refused = Assert.Throws<IOException>(() => SocketFile.Bind(Settings));

        Assert.Contains("is not a socket", refused.Message, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(_folder["s"]));
    }

    [Fact]
    public void A_missing_folder_is_made_and_a_missing_parent_is_told()
    {
        using (SocketFile.Bind(Settings with { Socket = _folder["run/s"] }))
            Assert.True(File.Exists(_folder["run/s"]));

        IOException refused = Assert.Throws<IOException>(() => SocketFile.Bind(Settings with { Socket = _folder["a/b/s"] }));
        Assert.Contains($"{_folder["a/b/s"]} cannot be made: there is no folder {_folder["a/b"]}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_that_is_too_long_is_told_with_the_limit()
    {
        IOException refused = Assert.Throws<IOException>(() => SocketFile.Bind(Settings with { Socket = _folder[new string('s', 120)] }));

        Assert.Contains("107", refused.Message, StringComparison.Ordinal);
    }
}

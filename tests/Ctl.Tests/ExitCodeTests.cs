using System.Diagnostics;
using System.Text.Json;
using AtomikD.Configuration;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Ctl;

public sealed class ExitCodeTests
{
    [Theory]
    [InlineData]
    [InlineData("nothing")]
    [InlineData("commit", "site")]
    [InlineData("commit", "site", "")]
    [InlineData("commit", "site", "a", "b")]
    [InlineData("commit", "site", "a", "--expect", "-1")]
    [InlineData("commit", "site", "a", "--expect", "x")]
    [InlineData("rollback", "site", "a", "--to", "0")]
    [InlineData("rollback", "site", "a", "--hold")]
    [InlineData("history", "--since", "yesterday")]
    [InlineData("status", "--timeout", "0")]
    [InlineData("upload", "site", "-")]
    [InlineData("upload", "site")]
    [InlineData("upload")]
    [InlineData("status", "--timeout")]
    [InlineData("status", "--timeout", "99999d")]
    [InlineData("upload", "site", "/", "--tar")]
    [InlineData("upload", "site", "/")]
    [InlineData("watch", "site", "CMD")]
    [InlineData("watch", "site", "--")]
    [InlineData("status", "--socket", "")]
    [InlineData("completion", "fish")]
    public void Wrong_usage_is_64_and_asks_nobody(params string[] arguments)
    {
        CommandResult result = CtlProcess.Run(["--socket", "/nonexistent/s", .. arguments]);

        Assert.Equal(64, result.ExitCode);
        Assert.StartsWith("atomikctl: ", result.Error, StringComparison.Ordinal);
        Assert.Equal("", result.Output);
    }

    [Fact]
    public void A_socket_of_too_long_a_path_is_wrong_usage_and_json_if_asked()
    {
        CommandResult result = CtlProcess.Run("status", "--json", "--socket", "/" + new string('s', 107));

        Assert.Equal(64, result.ExitCode);
        using JsonDocument error = JsonDocument.Parse(result.Error);
        Assert.Equal("USAGE", error.RootElement.GetProperty("reason").GetString());
    }

    [Theory]
    [InlineData("status")]
    [InlineData("watch")]
    [InlineData("watch", "--", "true")]
    [InlineData("history", "--json")]
    public void Without_a_daemon_it_is_69_at_once_with_path_and_advice(params string[] arguments)
    {
        var waited = Stopwatch.StartNew();
        CommandResult result = CtlProcess.Run(["--socket", "/nonexistent/atomikd.sock", .. arguments]);

        Assert.Equal(69, result.ExitCode);
        Assert.Contains("NO_DAEMON", result.Error, StringComparison.Ordinal);
        Assert.Contains("/nonexistent/atomikd.sock", result.Error, StringComparison.Ordinal);
        Assert.Contains("systemctl status atomikd", result.Error, StringComparison.Ordinal);
        Assert.InRange(waited.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Refusals_have_the_exit_codes_of_their_reasons()
    {
        await using ServiceHarness service = await new ServiceHarness(route => route with { Overwrite = OverwritePolicy.OnRequest }).StartAsync();
        using var scratch = new TempFolder();
        string file = scratch.Write("app", "one");
        service.Ctl("upload", "site", file).Check();

        Refused(66, "ROUTE_NOT_FOUND", service.Ctl("versions", "other"));
        Refused(66, "ROUTE_NOT_FOUND", service.Ctl("watch", "other"));
        Refused(66, "ROUTE_NOT_FOUND", service.Ctl("watch", "other", "--", "true"));
        Refused(66, "ITEM_NOT_FOUND", service.Ctl("commit", "site", "missing"));
        Refused(66, "ITEM_NOT_FOUND", service.Ctl("upload", "site", scratch["missing"]));
        Refused(66, "VERSION_NOT_FOUND", service.Ctl("rollback", "site", "app"));
        Refused(65, "INVALID_NAME", service.Ctl("upload", "site", file, "--name", ".hidden"));
        Refused(73, "TARGET_EXISTS", service.Ctl("upload", "site", file), "--overwrite");
        Refused(73, "VERSION_MISMATCH", service.Ctl("upload", "site", file, "--expect", "7"));
        Directory.CreateSymbolicLink(service.Staged("link"), "/");
        Refused(65, "ITEM_UNSUPPORTED", service.Ctl("commit", "site", "link"));
        service.Ctl("hold", "site", "app").Check();
        Refused(75, "HELD", service.Ctl("upload", "site", file, "--overwrite"));
        service.Ctl("release", "site", "app").Check();
        service.Ctl("upload", "site", file, "--overwrite").Check();
    }

    [Fact]
    public async Task A_route_of_others_is_not_found_and_a_closed_socket_not_permitted()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Needs root.");
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        File.SetUnixFileMode(service.Socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.SkipUnless(Command.Find("setpriv") is not null, "not installed: setpriv");
        ProcessStartInfo inner = CtlProcess.NewStart(["--socket", service.Socket, "status"]);
        CommandResult result = Command.Run("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", inner.FileName, .. inner.ArgumentList]);
        Assert.SkipWhen(result.Error.Contains(inner.FileName, StringComparison.Ordinal), "Another user cannot run what stands in this folder.");

        Refused(77, "NOT_PERMITTED", result);
    }

    [Fact]
    public async Task Ctrl_C_is_130_while_it_waits_for_input_and_leaves_nothing()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        using Process upload = service.StartCtl("upload", "site", "-", "--name", "x");
        await upload.StandardInput.WriteAsync(new string('x', 200_000));
        await upload.StandardInput.FlushAsync();
        string uploads = Path.Combine(service.Target, ".atomikd/upload");
        Eventually.True(() => Directory.Exists(uploads) && Directory.EnumerateFileSystemEntries(uploads).Any(), "the upload has begun", CtlProcess.Patience);

        upload.Signal("INT");

        Assert.Equal(130, await upload.EndAsync());
        Eventually.True(() => !Directory.EnumerateFileSystemEntries(uploads).Any(), "nothing is left of it");
        Assert.False(File.Exists(service.Live("x")));
    }

    [Fact]
    public async Task A_reader_that_goes_ends_the_watch()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        using var scratch = new TempFolder();
        string file = scratch.Write("app", "one");
        using Process watch = service.StartCtl("watch", "--live");
        service.Ctl("upload", "site", file).Check();
        await watch.LineAsync();

        watch.StandardOutput.Close();
        service.Ctl("upload", "site", file).Check();

        Assert.Equal(141, await watch.EndAsync());
    }

    [Fact]
    public async Task An_output_that_is_full_is_an_io_error()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full.");
        await using ServiceHarness service = await new ServiceHarness().StartAsync();

        CommandResult result = Command.Run("sh", "-c", "exec \"$@\" > /dev/full", "sh", CtlProcess.Executable, "--socket", service.Socket, "status");

        Refused(74, "IO_ERROR", result);
    }

    private static void Refused(int code, string reason, CommandResult result, string? advice = null)
    {
        Assert.Equal((code, result.Error), (result.ExitCode, result.Error));
        Assert.StartsWith($"atomikctl: {reason}: ", result.Error, StringComparison.Ordinal);
        Assert.Equal("", result.Output);
        if (advice is not null)
            Assert.Contains(advice, result.Error, StringComparison.Ordinal);
    }
}

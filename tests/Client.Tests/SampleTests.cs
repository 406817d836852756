using System.Diagnostics;
using System.Reflection;
using AtomikD.Demo;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Client;

/// <summary>The samples do what they say, against the whole service.</summary>
public sealed class SampleTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Publish_folder_puts_a_folder_live_and_replaces_it()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        using var scratch = new TempFolder();
        scratch.Write("build/sub/index.html", "hello");

        string first = Run("PublishFolder", "site", scratch["build"], "app", service.Socket).Check();
        string second = Run("PublishFolder", "site", scratch["build"], "app", service.Socket).Check();
        CommandResult refused = Run("PublishFolder", "other", scratch["build"], "app", service.Socket);

        Assert.Contains("is version 1: 1 files, 5 bytes", first, StringComparison.Ordinal);
        Assert.Contains("is version 2", second, StringComparison.Ordinal);
        Assert.Equal("hello", await File.ReadAllTextAsync(service.Live("app/sub/index.html")));
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("RouteNotFound", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upload_sends_files_and_folders()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        using var scratch = new TempFolder();
        scratch.Write("build/index.html", "hello");

        Assert.Contains("index is version 1: File, 5 bytes", Run("Upload", "site", scratch["build/index.html"], "index", service.Socket).Check(), StringComparison.Ordinal);
        Assert.Contains("app is version 1: Folder, 5 bytes", Run("Upload", "site", scratch["build"], "app", service.Socket).Check(), StringComparison.Ordinal);
        Assert.Equal("hello", await File.ReadAllTextAsync(service.Live("app/index.html")));
    }

    [Fact]
    public async Task Mark_without_grpc_publishes_what_it_reads()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();

        Assert.Contains("empty is version 1: 0 bytes", Run("MarkWithoutGrpc", "site", service.Staging, "empty").Check(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dependency_injection_publishes_a_report()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        ProcessStartInfo start = Start("DependencyInjection", "site");
        start.Environment["Atomik__SocketPath"] = service.Socket;

        string said = Command.Run(start, s_patience).Check();

        Assert.Contains("report.txt is version 1", said, StringComparison.Ordinal);
        Assert.StartsWith("made by process", await File.ReadAllTextAsync(service.Live("report.txt")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_and_reload_tells_what_is_live_and_what_comes()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await using var client = new AtomikClient(new AtomikClientOptions { SocketPath = service.Socket });
        await client.UploadFileAsync("site", "a", Stream.Null);
        ProcessStartInfo start = Start("WatchAndReload", "site", service.Socket);
        start.RedirectStandardOutput = true;
        using Process watching = Process.Start(start)!;

        Assert.StartsWith("a is version 1 now", await watching.StandardOutput.ReadLineAsync(), StringComparison.Ordinal);
        await client.UploadFileAsync("site", "a", Stream.Null);
        Assert.StartsWith("a is version 2 now", await watching.StandardOutput.ReadLineAsync(), StringComparison.Ordinal);
        await client.RemoveAsync("site", "a");
        Assert.Equal("a was taken down", await watching.StandardOutput.ReadLineAsync());
        Command.Run("kill", "-INT", $"{watching.Id}").Check();
        Assert.True(watching.WaitForExit(s_patience));
        Assert.Equal(0, watching.ExitCode);
    }

    private static CommandResult Run(string sample, params string[] arguments) => Command.Run(Start(sample, arguments), s_patience);

    private static ProcessStartInfo Start(string sample, params string[] arguments)
    {
        string configuration = typeof(SampleTests).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        return Command.Prepare("dotnet", [Path.Combine(Document.Root, "samples", sample, "bin", configuration, "net10.0", $"{sample}.dll"), .. arguments]);
    }
}

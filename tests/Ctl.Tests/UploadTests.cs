using System.Diagnostics;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Ctl;

public sealed class UploadTests
{
    [Fact]
    public async Task Files_and_folders_go_live_under_their_own_names_or_another()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        using var scratch = new TempFolder();
        scratch.Write("build/sub/a.txt", "hello");

        Assert.StartsWith("site/build is version 1: 1 file, 5 B.", service.Ctl("upload", "site", scratch["build/"]).Check(), StringComparison.Ordinal);
        service.Ctl("upload", "site", scratch["build/sub/a.txt"], "--name", "b.txt", "--expect", "0").Check();

        Assert.Equal("hello", await File.ReadAllTextAsync(service.Live("build/sub/a.txt")));
        Assert.Equal("hello", await File.ReadAllTextAsync(service.Live("b.txt")));
    }

    [Fact]
    public async Task A_pipe_is_a_file()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();

        Pipe(service, "head -c 3000000 /dev/zero", "--name", "zeros").Check();

        Assert.Equal(3_000_000, new FileInfo(service.Live("zeros")).Length);
    }

    [Fact]
    public async Task A_tar_stream_from_a_pipe_is_a_folder()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        using var scratch = new TempFolder();
        scratch.Write("build/sub/a.txt", "hello");

        Pipe(service, $"tar c -C {scratch["build"]} .", "--name", "app", "--tar").Check();

        Assert.Equal("hello", await File.ReadAllTextAsync(service.Live("app/sub/a.txt")));
    }

    [Fact]
    public async Task What_is_no_tar_stream_of_a_folders_contents_is_refused_with_advice()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        using var scratch = new TempFolder();
        scratch.Write("build/a.txt", "hello");

        CommandResult nested = Pipe(service, $"tar c -C {scratch.Path} build", "--name", "app", "--tar");
        CommandResult nothing = Pipe(service, "true", "--name", "app", "--tar");
        CommandResult packed = Pipe(service, $"tar c -C {scratch.Path} build | gzip", "--name", "app", "--tar");
        CommandResult cut = Pipe(service, $"tar c -C {scratch["build"]} . | head -c 1200", "--name", "app", "--tar");

        Assert.Equal((65, 65, 65, 65), (nested.ExitCode, nothing.ExitCode, packed.ExitCode, cut.ExitCode));
        Assert.Contains("tar c -C build .", nested.Error, StringComparison.Ordinal);
        Assert.Contains("Nothing came", nothing.Error, StringComparison.Ordinal);
        Assert.Contains("compressed", packed.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(service.Live("app")));
    }

    private static CommandResult Pipe(ServiceHarness service, string producer, params string[] arguments)
    {
        ProcessStartInfo start = CtlProcess.NewStart([]);
        start.FileName = "sh";
        foreach (string argument in (string[])["-c", $"{producer} | \"$@\"", "sh", CtlProcess.Executable, "--socket", service.Socket, "upload", "site", "-", .. arguments])
            start.ArgumentList.Add(argument);
        return Command.Run(start, CtlProcess.Patience);
    }
}

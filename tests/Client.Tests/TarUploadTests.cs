using System.Formats.Tar;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Client;

public sealed class TarUploadTests
{
    [Fact]
    public async Task A_tar_stream_goes_live_as_a_folder_and_a_watch_says_when_it_stands()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await using var client = new AtomikClient(new AtomikClientOptions { SocketPath = service.Socket });
        using var scratch = new TempFolder();
        scratch.Write("build/sub/a.txt", "hello");
        var archive = new MemoryStream();
        await TarFile.CreateFromDirectoryAsync(scratch["build"], archive, includeBaseDirectory: false);
        archive.Position = 0;

        CommittedVersion version = await client.UploadTarAsync("site", "app", archive);
        int initial = -1;
        await client.WatchAsync(new WatchOptions { InitialLive = true, Began = count => initial = count }).FirstAsync();
        AtomikException refused = await Assert.ThrowsAsync<AtomikException>(() => client.CommitAsync("site", "missing"));

        Assert.Equal(ItemKind.Folder, version.Kind);
        Assert.Equal("hello", await File.ReadAllTextAsync(service.Live("app/sub/a.txt")));
        Assert.Equal(1, initial);
        Assert.Equal(("site", "missing", false), (refused.Route, refused.Name, refused.IsNotReached));
    }
}

using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Staging;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Uploads;

/// <summary>Uploads that are taken.</summary>
[Trait("Promise", "P3")]
public sealed class UploadTests : IAsyncLifetime
{
    private readonly TempFolder _source = new();
    private EngineHarness _harness = null!;

    public async ValueTask InitializeAsync() => _harness = await new EngineHarness(configure: route => route with { Keep = 0, KeepFor = TimeSpan.Zero }).StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _harness.DisposeAsync();
        _source.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(3_000_000)]
    public async Task A_file_goes_live(int length)
    {
        string text = new('x', length);

        CommitResult result = await _harness.UploadFileAsync("report", text, size: length);

        Assert.Null(result.Refusal);
        Assert.Equal(1, result.Version!.Number);
        Assert.Equal(length, result.Version.Bytes);
        Assert.Equal(text, File.ReadAllText(_harness.Live("report")));
        Assert.Equal(0x1A4u, Drop.StatusOf(_harness.Live("report")).Permissions);
        Assert.Equal(2, (await _harness.UploadFileAsync("report", "second")).Version!.Number);
        Assert.Equal("second", File.ReadAllText(_harness.Live("report")));
        _harness.AssertNothingIsLeft("report");
    }

    [Theory]
    [InlineData("ustar", ".")]
    [InlineData("pax", ".")]
    [InlineData("gnu", ".")]
    [InlineData("v7", ".")]
    [InlineData("ustar", "*")]
    [InlineData("gnu", "*")]
    public async Task A_folder_goes_live_as_tar_has_packed_it(string format, string what)
    {
        Assert.SkipWhen(Command.WhyNot("tar") is not null, "there is no tar");
        // ustar splits a path between its two fields, and can keep no longer name.
        string longName = format == "ustar" ? $"{new string('n', 90)}/{new string('m', 60)}" : new string('n', 120);
        Fill(longName, format);
        string[] names = what == "." ? ["."] : Sender.Names(_source.Path);

        CommitResult result = await _harness.UploadFolderAsync("site", Sender.Tar(_source.Path, [$"--format={format}", .. names]));

        Assert.True(result.Refusal is null, result.Refusal?.Message);
        string live = _harness.Live("site");
        Assert.Equal("1", File.ReadAllText(live + "/a"));
        Assert.Equal("3", File.ReadAllText(live + "/sub/deep/c"));
        if (format != "v7")
            Assert.Equal("long", File.ReadAllText($"{live}/sub/{longName}"));
        Assert.Equal(0x140u, Drop.StatusOf(live + "/sub/deep/c").Permissions);
        Assert.Equal(0x168u, Drop.StatusOf(live + "/closed").Permissions);
        Assert.Equal("../a", new FileInfo(live + "/sub/to").LinkTarget);
        Assert.Equal("/nowhere", new FileInfo(live + "/out").LinkTarget);
        Assert.Equal(Drop.StatusOf(live + "/a").Inode, Drop.StatusOf(live + "/sub/again").Inode);
        Assert.Empty(Directory.EnumerateFileSystemEntries(live + "/empty"));
        Assert.Equal(new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc), File.GetLastWriteTimeUtc(live + "/a"));
        Assert.Equal(new DateTime(2002, 2, 3, 4, 5, 6, DateTimeKind.Utc), Directory.GetLastWriteTimeUtc(live + "/sub"));
        Assert.Equal(what == "." ? 0x1E8u : 0x1EDu, Drop.StatusOf(live).Permissions);
        Assert.True((await _harness.UploadFolderAsync("site", Sender.Tar(_source.Path, "."))).Refusal is null);
        _harness.AssertNothingIsLeft("site");
    }

    [Fact]
    public async Task Times_of_reproducible_archives_are_kept()
    {
        Assert.SkipWhen(Command.WhyNot("tar") is not null, "there is no tar");
        Producer.Write(_source["sub/a"], "1");

        CommitResult result = await _harness.UploadFolderAsync("site", Sender.Tar(_source.Path, "--mtime=@0", "--sort=name", "."));

        Assert.True(result.Refusal is null, result.Refusal?.Message);
        foreach (string path in (string[])["site", "site/sub", "site/sub/a"])
            Assert.Equal(default, Drop.StatusOf(_harness.Live(path)).Modified);
    }

    [Fact]
    public async Task An_archive_of_nothing_is_an_empty_folder()
    {
        CommitResult result = await _harness.UploadFolderAsync("site", new byte[10_240]);

        Assert.True(result.Refusal is null, result.Refusal?.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Live("site")));
        Assert.Equal(0x1EDu, Drop.StatusOf(_harness.Live("site")).Permissions);
    }

    private void Fill(string longName, string format)
    {
        Producer.Write(_source["a"], "1");
        Producer.Write(_source["sub/deep/c"], "3");
        if (format != "v7")
            Producer.Write(_source["sub/" + longName], "long");
        Directory.CreateDirectory(_source["empty"]);
        Directory.CreateDirectory(_source["closed"]);
        File.CreateSymbolicLink(_source["sub/to"], "../a");
        File.CreateSymbolicLink(_source["out"], "/nowhere");
        Drop.HardLink(_source["a"], _source["sub/again"]);
        Drop.Chmod(_source["sub/deep/c"], 0x152);
        Drop.Chmod(_source["closed"], 0x17A);
        Drop.Chmod(_source.Path, 0x1F8);
        File.SetLastWriteTimeUtc(_source["a"], new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        Directory.SetLastWriteTimeUtc(_source["sub"], new DateTime(2002, 2, 3, 4, 5, 6, DateTimeKind.Utc));
    }
}

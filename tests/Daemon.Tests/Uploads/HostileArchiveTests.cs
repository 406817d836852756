using System.Formats.Tar;
using System.Text;
using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Uploads;

/// <summary>Archives that would reach out of their folder, or bring what may not go live.</summary>
[Trait("Promise", "P6")]
public sealed class HostileArchiveTests : IAsyncLifetime
{
    private const UnixFileMode Normal = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private EngineHarness _harness = null!;

    public async ValueTask InitializeAsync() => _harness = await new EngineHarness().StartAsync();

    public async ValueTask DisposeAsync() => await _harness.DisposeAsync();

    [Theory]
    [InlineData("../out")]
    [InlineData("a/../../out")]
    [InlineData("a/..")]
    [InlineData("..")]
    [InlineData("/out")]
    [InlineData("//out")]
    [InlineData("a//b")]
    [InlineData(".")]
    [InlineData("./")]
    [InlineData("a/")]
    public async Task A_file_of_such_a_name_is_refused(string name) => await RefusedAsync(Reason.InvalidName, name, Sender.FileEntry(name));

    [Theory]
    [InlineData("../out")]
    [InlineData("/")]
    [InlineData("/out/")]
    [InlineData("a//")]
    [InlineData("a/../..")]
    public async Task A_folder_of_such_a_name_is_refused_or_stays_within(string name)
    {
        if (name == "a//")
            Assert.Null((await SendAsync(Sender.FolderEntry(name))).Refusal);
        else
            await RefusedAsync(Reason.InvalidName, name, Sender.FolderEntry(name));
    }

    [Fact]
    public async Task A_name_that_is_too_long_is_refused_and_the_longest_is_not()
    {
        await RefusedAsync(Reason.InvalidName, "256 bytes", Sender.FileEntry(new string('n', 256)));
        Assert.Null((await SendAsync(Sender.FileEntry(new string('n', 255)))).Refusal);
    }

    [Fact]
    public async Task A_name_that_is_not_text_is_refused()
    {
        byte[] archive = await Sender.ArchiveAsync(TarEntryFormat.Ustar, new UstarTarEntry(TarEntryType.RegularFile, "name"));
        archive[2] = 0xFF;
        Seal(archive);

        CommitResult result = await _harness.UploadFolderAsync("site", archive);

        Assert.Equal(Reason.InvalidName, result.Refusal?.Reason);
        Assert.Contains("UTF-8", result.Refusal!.Message, StringComparison.Ordinal);
        _harness.AssertNothingIsLeft();
    }

    [Theory]
    [InlineData("/etc")]
    [InlineData("..")]
    [InlineData("sub")]
    public async Task Nothing_is_written_through_a_link(string to)
    {
        await RefusedAsync(Reason.ItemUnsupported, "link", Sender.FolderEntry("sub"), Sender.LinkEntry("link", to), Sender.FileEntry("link/passwd.new"));
        await RefusedAsync(Reason.ItemUnsupported, "link", Sender.LinkEntry("link", to), Sender.FolderEntry("link/folder"));
        await RefusedAsync(Reason.ItemUnsupported, "link", Sender.LinkEntry("link", to), Sender.FolderEntry("link"));
        await RefusedAsync(Reason.ItemUnsupported, "link", Sender.LinkEntry("link", to), Sender.FileEntry("link"));
        Assert.False(File.Exists("/etc/passwd.new"));
    }

    [Fact]
    public async Task A_file_is_no_folder_for_others()
    {
        await RefusedAsync(Reason.ItemUnsupported, "a", Sender.FileEntry("a"), Sender.FileEntry("a/b"));
        await RefusedAsync(Reason.ItemUnsupported, "a", Sender.FileEntry("a"), Sender.FolderEntry("a"));
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("../../../../etc/passwd")]
    [InlineData("missing")]
    [InlineData("sub")]
    [InlineData("link")]
    [InlineData("later")]
    [InlineData("out/passwd")]
    [InlineData("sub/../a")]
    [InlineData(".")]
    public async Task A_hard_link_reaches_only_files_of_the_archive(string to) => await RefusedAsync(Reason.ItemUnsupported, "bad",
        Sender.FileEntry("a"), Sender.FolderEntry("sub"), Sender.LinkEntry("link", "a"), Sender.LinkEntry("out", "/etc"),
        Sender.LinkEntry("bad", to, TarEntryType.HardLink), Sender.FileEntry("later"));

    [Theory]
    [InlineData(TarEntryType.Fifo)]
    [InlineData(TarEntryType.CharacterDevice)]
    [InlineData(TarEntryType.BlockDevice)]
    public async Task What_is_no_file_is_refused(TarEntryType type) => await RefusedAsync(Reason.ItemUnsupported, "odd",
        Sender.FileEntry("a"), new PaxTarEntry(type, "odd"));

    [Theory]
    [InlineData(UnixFileMode.SetUser)]
    [InlineData(UnixFileMode.SetGroup)]
    public async Task A_set_id_file_is_refused(UnixFileMode bit) =>
        await RefusedAsync(Reason.ItemUnsupported, "set-", Sender.FileEntry("tool", mode: Normal | bit));

    [Fact]
    public async Task Of_a_folder_only_the_permission_bits_are_taken()
    {
        TarEntry folder = Sender.FolderEntry("sub");
        folder.Mode = UnixFileMode.SetGroup | UnixFileMode.StickyBit | (UnixFileMode)0x1FF;

        Assert.Null((await SendAsync(folder)).Refusal);

        Assert.Equal(0x1EDu, Staging.Drop.StatusOf(_harness.Live("site/sub")).Permissions);
    }

    [Fact]
    public async Task A_file_that_comes_twice_is_refused_a_folder_is_not()
    {
        await RefusedAsync(Reason.ItemUnsupported, "a", Sender.FileEntry("a"), Sender.FileEntry("./a"));
        await RefusedAsync(Reason.ItemUnsupported, "a", Sender.FileEntry("a"), Sender.LinkEntry("a", "b"));
        await RefusedAsync(Reason.ItemUnsupported, "a", Sender.FileEntry("a"), Sender.LinkEntry("a", "a", TarEntryType.HardLink));
        Assert.Null((await SendAsync(Sender.FolderEntry("a/"), Sender.FileEntry("a/b"), Sender.FolderEntry("./a"))).Refusal);
    }

    [Fact]
    public async Task A_tree_that_is_too_deep_is_refused_and_the_deepest_is_not()
    {
        string deepest = string.Join('/', Enumerable.Repeat("d", 999));
        await RefusedAsync(Reason.InvalidName, "deep", Sender.FileEntry($"{deepest}/d/f"));
        CommitResult result = await SendAsync(Sender.FileEntry(deepest + "/f"), Sender.LinkEntry("top", deepest + "/f", TarEntryType.HardLink), Sender.FileEntry("d/side"));
        Assert.True(result.Refusal is null, result.Refusal?.Message);
    }

    [Fact]
    public async Task Sparse_files_and_parts_are_refused()
    {
        var sparse = new PaxTarEntry(TarEntryType.RegularFile, "f", [new("GNU.sparse.major", "1"), new("GNU.sparse.minor", "0"), new("GNU.sparse.name", "f"), new("GNU.sparse.realsize", "9")])
        {
            DataStream = new MemoryStream(new byte[512]),
        };
        await RefusedAsync(Reason.ItemUnsupported, "sparse", sparse);
        foreach (char type in "SMNVD?")
        {
            byte[] archive = await Sender.ArchiveAsync(TarEntryFormat.Gnu, new GnuTarEntry(TarEntryType.RegularFile, "f"));
            archive[156] = (byte)type;
            Seal(archive);
            CommitResult result = await _harness.UploadFolderAsync("site", archive);
            Assert.Equal(Reason.ItemUnsupported, result.Refusal?.Reason);
        }
        _harness.AssertNothingIsLeft();
    }

    [Fact]
    public async Task A_header_that_claims_a_gigabyte_of_name_is_refused()
    {
        byte[] archive = await Sender.ArchiveAsync(TarEntryFormat.Pax, Sender.FileEntry("f"));
        Encoding.ASCII.GetBytes("07777777777\0").CopyTo(archive, 124);
        Seal(archive);

        CommitResult result = await _harness.UploadFolderAsync("site", archive);

        Assert.Equal(Reason.ItemUnsupported, result.Refusal?.Reason);
        _harness.AssertNothingIsLeft();
    }

    [Fact]
    public async Task What_says_something_of_all_entries_may_only_be_a_comment()
    {
        var comment = new PaxGlobalExtendedAttributesTarEntry([new("comment", "of git")]);
        await RefusedAsync(Reason.ItemUnsupported, "path", new PaxGlobalExtendedAttributesTarEntry([new("path", "../out")]), Sender.FileEntry("a"));
        Assert.Null((await SendAsync(comment, Sender.FileEntry("a"))).Refusal);
    }

    [Theory]
    [InlineData("no archive at all, but text")]
    [InlineData("\u001f\u008b\u0008 something that begins as gzip does")]
    public async Task What_is_no_archive_is_refused(string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text.PadRight(4096, 'x'));

        CommitResult result = await _harness.UploadFolderAsync("site", bytes);

        Assert.Equal(Reason.ItemUnsupported, result.Refusal?.Reason);
        _harness.AssertNothingIsLeft();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(20_000)]
    public async Task Only_zeros_may_follow_the_end(int more)
    {
        byte[] archive = await Sender.ArchiveAsync(TarEntryFormat.Pax, Sender.FileEntry("a"));
        Assert.Null((await _harness.UploadFolderAsync("site", [.. archive, .. new byte[more]])).Refusal);
        Directory.Delete(_harness.Live("site"), recursive: true);

        CommitResult result = await _harness.UploadFolderAsync("site", [.. archive, .. new byte[more - 1], 7]);

        Assert.Equal(Reason.ItemUnsupported, result.Refusal?.Reason);
        Assert.Contains("follows the end", result.Refusal!.Message, StringComparison.Ordinal);
        _harness.AssertNothingIsLeft();
    }

    private async Task<CommitResult> SendAsync(params TarEntry[] entries) =>
        await _harness.UploadFolderAsync("site", await Sender.ArchiveAsync(TarEntryFormat.Pax, entries));

    /// <summary>Refused by name, for a reason that can be read, and nothing of it is anywhere.</summary>
    private async Task RefusedAsync(Reason reason, string word, params TarEntry[] entries)
    {
        CommitResult result = await SendAsync(entries);
        Assert.Equal(reason, result.Refusal?.Reason);
        Assert.Contains(word, result.Refusal!.Message, StringComparison.Ordinal);
        Assert.Contains("the upload of site", result.Refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("marker", result.Refusal.Hint, StringComparison.Ordinal);
        _harness.AssertNothingIsLeft();
    }

    /// <summary>The first header's checksum, after it was changed.</summary>
    private static void Seal(byte[] archive)
    {
        archive.AsSpan(148, 8).Fill((byte)' ');
        int sum = archive.AsSpan(0, 512).ToArray().Sum(b => b);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(archive, 148);
    }
}

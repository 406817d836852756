using System.Security.Cryptography;
using System.Text;
using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Staging;

/// <summary>A marker that says what the item must hold.</summary>
public sealed class ChecksumDropTests
{
    [Fact]
    public async Task A_file_goes_live_only_with_the_contents_that_were_said()
    {
        await using EngineHarness harness = await new EngineHarness(configure: WithModes).StartAsync();
        Assert.True(harness.Publish("file", "right", Sum("right")).Succeeded);

        harness.StageFile("file", "wrong");
        string before = Drop.Snapshot(harness.Staged("file"));
        harness.Mark("file", Sum("right"));

        harness.Refused("file", Reason.ChecksumMismatch, harness.Staged("file"));
        Assert.Equal(before, Drop.Snapshot(harness.Staged("file")));
        Assert.Equal("right", File.ReadAllText(harness.Live("file")));
        NoAttribute(harness.Staged("file"));
        harness.StillServes();
    }

    [Fact]
    public async Task A_folder_goes_live_only_with_the_sums_that_were_said()
    {
        await using EngineHarness harness = await new EngineHarness(configure: WithModes).StartAsync();
        string sums = Stage(harness, "1");
        harness.Mark("site", Sum(sums));
        Receipt receipt = harness.WaitFor("site");
        Assert.True(receipt.Succeeded, receipt.ToString());

        Stage(harness, "1");
        harness.StageFolder("site", ("b/c", "changed"));
        Wrong(harness, sums, $"{harness.Staged("site")}/b/c");

        Stage(harness, "1");
        harness.StageFolder("site", ("extra", "not listed"));
        Wrong(harness, sums, "extra");

        Stage(harness, "1");
        File.Delete(harness.Staged("site/a"));
        Wrong(harness, sums, "a");

        string other = Stage(harness, "2");
        Assert.NotEqual(sums, other);
        Wrong(harness, sums, "SHA256SUMS");

        Stage(harness, "1");
        File.Delete(harness.Staged("site/SHA256SUMS"));
        Wrong(harness, sums, "SHA256SUMS");
        harness.StillServes();
    }

    private static void Wrong(EngineHarness harness, string sums, string word)
    {
        string before = Drop.Snapshot(harness.Staged("site"));
        harness.Mark("site", Sum(sums));
        harness.Refused("site", Reason.ChecksumMismatch, word);
        Assert.Equal(before, Drop.Snapshot(harness.Staged("site")));
        NoAttribute(harness.Staged("site"));
        Directory.Delete(harness.Staged("site"), recursive: true);
    }

    private static RouteSettings WithModes(RouteSettings route) => route with { FileMode = 0x124, DirectoryMode = 0x16D };

    private static string Stage(EngineHarness harness, string text)
    {
        harness.StageFolder("site", ("a", text), ("b/c", text));
        string sums = $"{Hash(text)}  a\n{Hash(text)}  b/c\n";
        File.WriteAllText(harness.Staged("site/SHA256SUMS"), sums);
        return sums;
    }

    private static string Sum(string text) => $"{{\"sha256\":\"{Hash(text)}\"}}";

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static void NoAttribute(string path)
    {
        Assert.Equal(Errno.None, Fcntl.Open(Name.Of(path), Fcntl.O_RDONLY, 0, out Fd file));
        using (file)
            Assert.NotEqual(Errno.None, SysXattr.FGetxattr(file, Name.Of("user.atomikd.version"), out _));
    }
}

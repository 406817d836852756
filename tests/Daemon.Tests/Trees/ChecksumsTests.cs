using System.Security.Cryptography;
using System.Text;
using AtomikD.Commits;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Trees;

public sealed class ChecksumsTests : IDisposable
{
    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    private static string Sum(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static Refusal? Verify(string path, string expected)
    {
        using var item = new Item(path);
        return Checksums.Verify(item.Root, item.Status, "/shown", expected, CancellationToken.None);
    }

    /// <summary>Verifies the folder with this list and its true digest.</summary>
    private Refusal? VerifyWith(string list)
    {
        _temp.Write("item/SHA256SUMS", list);
        return Verify(_temp["item"], Sum(list));
    }

    private static void Mismatches(Refusal? refusal, string message)
    {
        Assert.NotNull(refusal);
        Assert.Equal(Reason.ChecksumMismatch, refusal.Reason);
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_compared()
    {
        _temp.Write("item", "contents");
        Assert.Null(Verify(_temp["item"], Sum("contents")));
        Assert.Null(Verify(_temp["item"], Sum("contents").ToUpperInvariant()));
        Mismatches(Verify(_temp["item"], Sum("other")), Sum("contents"));
    }

    [Theory]
    [InlineData("find . -type f ! -name SHA256SUMS -exec sha256sum {} +")]
    [InlineData("find * -type f ! -name SHA256SUMS -exec sha256sum -b {} +")]
    public void What_coreutils_writes_is_understood(string command)
    {
        _temp.Write("item/a", "1");
        _temp.Write("item/sub/b", "2");
        _temp.Write("item/sub/SHA256SUMS.old", "3");
        _temp.Write("item/back\\slash and\nnewline", "4");
        _temp.Write("item/two  blanks *star", "5");
        File.CreateSymbolicLink(_temp["item/link"], "a");
        string list = Command.Shell($"cd \"$1\"; {command}", _temp["item"]).Output;
        Assert.Contains('\\', list);

        Assert.Null(VerifyWith(list));
    }

    [Fact]
    public void A_nested_list_is_a_file_like_any_other()
    {
        _temp.Write("item/sub/SHA256SUMS", "x");
        Mismatches(VerifyWith(""), "/shown/sub/SHA256SUMS is not listed");
        Assert.Null(VerifyWith($"{Sum("x")}  sub/SHA256SUMS\n"));
    }

    [Fact]
    public void The_list_itself_must_be_the_one_meant()
    {
        _temp.Write("item/a", "1");
        _temp.Write("item/SHA256SUMS", $"{Sum("1")}  a\n");
        Mismatches(Verify(_temp["item"], Sum("something else")), "/shown/SHA256SUMS has the SHA-256");
    }

    [Fact]
    public void There_must_be_a_list_that_is_a_file()
    {
        _temp.MakeFolder("item");
        Mismatches(Verify(_temp["item"], Sum("")), "has no file SHA256SUMS");
        File.CreateSymbolicLink(_temp["item/SHA256SUMS"], _temp.Write("outside", ""));
        Mismatches(Verify(_temp["item"], Sum("")), "is not a regular file");
        File.Delete(_temp["item/SHA256SUMS"]);
        _temp.MakeFolder("item/SHA256SUMS");
        Mismatches(Verify(_temp["item"], Sum("")), "is not a regular file");
    }

    [Fact]
    public void Every_file_must_match()
    {
        _temp.Write("item/sub/b", "2");
        Mismatches(VerifyWith($"{Sum("3")}  sub/b\n"), "/shown/sub/b has the SHA-256");
    }

    [Fact]
    public void What_is_not_listed_or_not_there_is_told()
    {
        _temp.Write("item/a", "1");
        _temp.Write("item/b", "2");
        Mismatches(VerifyWith($"{Sum("1")}  a\n"), "/shown/b is not listed");
        Mismatches(VerifyWith($"{Sum("1")}  a\n{Sum("2")}  b\n{Sum("3")}  c\n"), "line 3: there is no such regular file");
    }

    [Fact]
    public void A_link_cannot_be_listed()
    {
        _temp.Write("item/a", "1");
        File.CreateSymbolicLink(_temp["item/link"], "a");
        Mismatches(VerifyWith($"{Sum("1")}  a\n{Sum("1")}  link\n"), "line 2: there is no such regular file");
    }

    [Theory]
    [InlineData("%  a\n%  a\n", "line 2 lists a file a second time")]
    [InlineData("%  a\n%  ./a\n", "line 2 lists a file a second time")]
    [InlineData("%  sub/../a\n", "line 1 has a name")]
    [InlineData("%  ../item/a\n", "line 1 has a name")]
    [InlineData("%  /a\n", "line 1 has a name")]
    [InlineData("%  a/.\n", "line 1 has a name")]
    [InlineData("%  SHA256SUMS\n", "line 1 lists SHA256SUMS itself")]
    [InlineData("\\%  a\\t\n", "line 1 has an escape")]
    [InlineData("\\%  a\\\n", "line 1 has an escape")]
    [InlineData("% a\n", "line 1 is not a digest")]
    [InlineData("%\n", "line 1 is not a digest")]
    [InlineData("%  a\n\n", "line 2 is not a digest")]
    [InlineData("SHA256 (a) = %\n", "line 1 is not a digest")]
    [InlineData("12345678  a\n", "line 1 is not a digest")]
    [InlineData("zz%  a\n", "line 1 is not a digest")]
    public void A_line_that_is_wrong_is_told(string list, string message)
    {
        _temp.Write("item/a", "1");
        Mismatches(VerifyWith(list.Replace("%", Sum("1"), StringComparison.Ordinal)), message);
    }

    [Fact]
    public void The_last_line_may_end_without_a_newline()
    {
        _temp.Write("item/a", "1");
        Assert.Null(VerifyWith($"{Sum("1")} *a"));
    }

    [Fact]
    public void A_line_without_an_end_is_bounded()
    {
        _temp.MakeFolder("item");
        Mismatches(VerifyWith(new string('a', 3 << 20)), "line 1 is longer than 1 MiB");
    }

    [Fact]
    public void A_list_of_thousands_over_many_buffers_is_read()
    {
        var list = new StringBuilder();
        for (int i = 0; i < 2000; i++)
        {
            string name = $"{i % 10}/file-with-a-rather-long-name-{i}";
            _temp.Write($"item/{name}", $"{i}");
            list.Append($"{Sum($"{i}")}  {name}\n");
        }
        Assert.Null(VerifyWith(list.ToString()));
    }

    [Fact]
    public void It_can_be_stopped()
    {
        _temp.Write("item", "x");
        using var item = new Item(_temp["item"]);
        Assert.Throws<OperationCanceledException>(() =>
            Checksums.Verify(item.Root, item.Status, "/shown", Sum("x"), new CancellationToken(canceled: true)));
    }
}

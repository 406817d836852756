using AtomikD.Demo;
using Xunit;

namespace AtomikD.Package;

public sealed class OperationsDocsTests
{
    [Fact]
    public void What_to_do_is_told_for_every_reason()
    {
        string[] all = [.. new Document("docs/protocol.md").Rows("Reasons").Select(row => row[0])];

        Assert.Equal(17, all.Length);
        Assert.Equal(all, new Document("docs/operations.md").Rows("Reasons, and what to do").Select(row => row[0]));
    }

    [Fact]
    public void Every_decision_is_in_the_index()
    {
        string[] pages = [.. Directory.EnumerateFiles(Path.Combine(Document.Root, "docs/decisions")).Select(path => Path.GetFileName(path)!).Where(name => name != "README.md").Order(StringComparer.Ordinal)];

        Assert.NotEmpty(pages);
        Assert.Equal(pages, new Document("docs/decisions/README.md").Links.Order(StringComparer.Ordinal));
    }
}

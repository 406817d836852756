using AtomikD.Demo;
using Xunit;

namespace AtomikD.Client;

public sealed class PublicApiTests
{
    private const string Record = "src/Client/PublicAPI.txt";

    [Fact]
    public void What_the_library_offers_is_what_is_recorded()
    {
        string path = Path.Combine(Document.Root, Record);
        string recorded = File.ReadAllText(path);
        string found = PublicApiText.Of(typeof(IAtomikClient).Assembly);
        if (recorded == found)
            return;
        string proposal = Path.Combine(AppContext.BaseDirectory, "PublicAPI.txt");
        File.WriteAllText(proposal, found);
        string[] was = recorded.Split('\n');
        string[] now = found.Split('\n');
        Assert.Fail($"The public interface of AtomikD.Client has changed.\n"
            + string.Concat(was.Except(now).Select(line => $"- {line}\n")) + string.Concat(now.Except(was).Select(line => $"+ {line}\n"))
            + $"If it is meant: cp {proposal} {path}");
    }

    [Fact]
    public void No_type_of_the_transport_is_part_of_it() =>
        Assert.DoesNotContain(typeof(IAtomikClient).Assembly.GetExportedTypes(), type => type.Namespace is not ("AtomikD.Client" or "Microsoft.Extensions.DependencyInjection"));
}

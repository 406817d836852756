using AtomikD.Versions;

namespace AtomikD.Journal;

internal sealed partial class JournalSession
{
    private string _boot = "";
    private Statement? _poison;
    private Statement? _poisoned;

    /// <summary>A sync of it failed: in this boot its pages may be believed written when they are not.</summary>
    public void Poison(string vault, Identity identity) =>
        Use(ref _poison, "INSERT OR REPLACE INTO poisoned(boot, vault, identity) VALUES (?, ?, ?)")
            .Add(_words.IdOf(_boot)).Add(_words.IdOf(vault)).Add(identity.ToBytes()).Run();

    public IReadOnlyList<Identity> Poisoned(string vault)
    {
        var found = new List<Identity>();
        Statement row = Use(ref _poisoned, "SELECT identity FROM poisoned WHERE vault = ?").Add(_words.KnownIdOf(vault));
        while (row.Next())
            found.Add(ReadIdentity(row));
        return found;
    }
}

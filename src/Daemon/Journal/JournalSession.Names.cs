namespace AtomikD.Journal;

internal sealed partial class JournalSession
{
    private Statement? _findName;
    private Statement? _setHold;
    private Statement? _dropHold;
    private Statement? _holds;
    private Statement? _setLive;
    private Statement? _addLive;
    private Statement? _raiseNumber;
    private Statement? _dropLive;

    public NameState FindName(string vault, string name)
    {
        Statement row = Use(ref _findName,
            "SELECT n.last_number, n.hold, v.sequence, v.number, v.identity FROM names n LEFT JOIN versions v ON v.sequence = n.live WHERE n.vault = ? AND n.name = ?")
            .Add(_words.KnownIdOf(vault)).Add(name);
        if (!row.Next())
            return NameState.Unknown;
        long last = row.ReadLong();
        string? hold = row.ReadTextOrNull();
        var state = new NameState(last, row.IsNull ? null : new LiveVersion(row.ReadLong(), row.ReadLong(), ReadIdentity(row)), hold);
        row.Reset();
        return state;
    }

    /// <summary>Null ends the hold.</summary>
    public void SetHold(string vault, string name, string? reason)
    {
        if (reason is null)
            Use(ref _dropHold, "UPDATE names SET hold = NULL WHERE vault = ? AND name = ?").Add(_words.KnownIdOf(vault)).Add(name).Run();
        else
            Use(ref _setHold,
                "INSERT INTO names(vault, name, hold) VALUES (?, ?, ?) ON CONFLICT (vault, name) DO UPDATE SET hold = excluded.hold")
                .Add(_words.IdOf(vault)).Add(name).Add(reason).Run();
    }

    public IReadOnlyList<(string Name, string Reason)> Holds(string vault)
    {
        var holds = new List<(string, string)>();
        Statement row = Use(ref _holds, "SELECT name, hold FROM names INDEXED BY names_held WHERE vault = ? AND hold IS NOT NULL ORDER BY name")
            .Add(_words.KnownIdOf(vault));
        while (row.Next())
            holds.Add((row.ReadText(), row.ReadText()));
        return holds;
    }

    /// <summary>The next number of this name will be above <paramref name="number"/>, whatever this journal remembers.</summary>
    public void EnsureNumberAbove(string vault, string name, long number) =>
        Use(ref _raiseNumber, """
            INSERT INTO names(vault, name, last_number) VALUES (?, ?, ?)
            ON CONFLICT (vault, name) DO UPDATE SET last_number = max(last_number, excluded.last_number)
            """).Add(_words.IdOf(vault)).Add(name).Add(number).Run();

    /// <summary>A live sequence of 0 = nothing of ours is live.</summary>
    private void SetLive(string vault, string name, long number, long live)
    {
        long id = _words.IdOf(vault);
        Statement update = Use(ref _setLive, "UPDATE names SET last_number = max(last_number, ?), live = ? WHERE vault = ? AND name = ?");
        if (AddLive(update.Add(number), live).Add(id).Add(name).Run() == 0)
            AddLive(Use(ref _addLive, "INSERT INTO names(last_number, live, vault, name) VALUES (?, ?, ?, ?)").Add(number), live).Add(id).Add(name).Run();

        static Statement AddLive(Statement statement, long live) => live == 0 ? statement.AddNull() : statement.Add(live);
    }

    private void DropLive(VersionRow version) =>
        Use(ref _dropLive, "UPDATE names SET live = NULL WHERE vault = ? AND name = ? AND live = ?")
            .Add(_words.KnownIdOf(version.Vault)).Add(version.Name).Add(version.Sequence).Run();
}

using AtomikD.Versions;

namespace AtomikD.Journal;

internal sealed partial class JournalSession
{
    private const string IntentColumns = """
        id, vault, route, staging, operation, door, source, target,
        has_marker, marker, marker_seconds, marker_nanoseconds, marker_size,
        item, copy, live, live_sequence, from_sequence, from_slot, number, boot, uid, cross_device, options, hold
        """;

    private Statement? _insertIntent;
    private Statement? _setCopy;
    private Statement? _deleteIntent;
    private Statement? _fromSequence;
    private Statement? _openIntents;
    private Statement? _openIntentsByVault;

    public void InsertIntent(Intent intent)
    {
        Statement insert = Use(ref _insertIntent,
            $"INSERT INTO intents({IntentColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        insert
            .Add(intent.Id.Value)
            .Add(_words.IdOf(intent.Vault)).Add(_words.IdOf(intent.Route)).Add(_words.IdOf(intent.Staging))
            .Add((long)intent.Operation).Add((long)intent.Door)
            .Add(intent.Source.Bytes).Add(intent.Target)
            .Add(intent.Marker is not null);
        AddMarker(insert, intent.Marker.GetValueOrDefault())
            .Add(intent.Item.ToBytes()).Add(intent.Copy.ToBytes()).Add(intent.Live.ToBytes())
            .Add(intent.LiveSequence).Add(intent.FromSequence).Add(intent.FromSlot.Value)
            .Add(intent.Number).Add(_words.IdOf(intent.BootId)).Add(intent.Uid).Add(intent.CrossDevice)
            .Add(JournalJson.OfOptions(intent.Options)).Add(intent.HoldReason)
            .Run();
    }

    public void SetCopy(SlotId id, Identity copy) =>
        Use(ref _setCopy, "UPDATE intents SET copy = ? WHERE id = ?").Add(copy.ToBytes()).Add(id.Value).Run();

    /// <summary>Forgets an intent that came to nothing; the version that a rollback had taken is retained again.</summary>
    public void DropIntent(SlotId id)
    {
        Statement row = Use(ref _fromSequence, "SELECT from_sequence FROM intents WHERE id = ?").Add(id.Value);
        if (!row.Next())
            return;
        long from = row.ReadLong();
        row.Reset();
        DeleteIntent(id);
        if (from != 0)
            Return(from);
    }

    public IReadOnlyList<Intent> OpenIntents(string vault)
    {
        var intents = new List<Intent>();
        Statement row = Use(ref _openIntents, $"SELECT {IntentColumns} FROM intents WHERE vault = ? ORDER BY id").Add(_words.KnownIdOf(vault));
        while (row.Next())
            intents.Add(ReadIntent(row));
        return intents;
    }

    /// <summary>For routes that are no longer configured: their intents wait, and are told of.</summary>
    public IReadOnlyList<(string Vault, string Route, string Staging, int Count)> OpenIntentsByVault()
    {
        var counts = new List<(string, string, string, int)>();
        Statement row = Use(ref _openIntentsByVault,
            "SELECT vault, route, staging, count(*) FROM intents GROUP BY vault, route, staging ORDER BY min(id)");
        while (row.Next())
            counts.Add((_words.Of(row.ReadLong()), _words.Of(row.ReadLong()), _words.Of(row.ReadLong()), (int)row.ReadLong()));
        return counts;
    }

    /// <summary>False: it was not open.</summary>
    private bool DeleteIntent(SlotId id) => Use(ref _deleteIntent, "DELETE FROM intents WHERE id = ?").Add(id.Value).Run() == 1;

    private Intent ReadIntent(Statement row)
    {
        var id = new SlotId(row.ReadLong());
        string vault = _words.Of(row.ReadLong());
        string route = _words.Of(row.ReadLong());
        string staging = _words.Of(row.ReadLong());
        var operation = (Operation)row.ReadLong();
        var door = (Door)row.ReadLong();
        Linux.Name source = ReadName(row);
        string target = row.ReadText();
        bool hasMarker = row.ReadBool();
        MarkerIdentity marker = ReadMarker(row);
        return new Intent
        {
            Id = id,
            Vault = vault,
            Route = route,
            Staging = staging,
            Operation = operation,
            Door = door,
            Source = source,
            Target = target,
            Marker = hasMarker ? marker : null,
            Item = ReadIdentity(row),
            Copy = ReadIdentity(row),
            Live = ReadIdentity(row),
            LiveSequence = row.ReadLong(),
            FromSequence = row.ReadLong(),
            FromSlot = new SlotId(row.ReadLong()),
            Number = row.ReadLong(),
            BootId = _words.Of(row.ReadLong()),
            Uid = (uint)row.ReadLong(),
            CrossDevice = row.ReadBool(),
            Options = JournalJson.OptionsOf(row.ReadTextOrNull()),
            HoldReason = row.ReadTextOrNull(),
        };
    }
}

using AtomikD.Linux;

namespace AtomikD.Journal;

internal sealed partial class JournalSession
{
    private Statement? _receiptAgain;
    private Statement? _receiptWritten;
    private Statement? _expiredReceipts;
    private Statement? _forgetReceipt;
    private Statement? _forgetExpired;
    private Statement? _postponeExpired;

    /// <summary>Its age begins anew with every receipt of that name.</summary>
    public void ReceiptWritten(string staging, Name name, bool done)
    {
        long id = _words.IdOf(staging);
        if (Use(ref _receiptAgain, "UPDATE receipts SET done = ?, clock = ? WHERE staging = ? AND name = ?")
            .Add(done).Add(Clock.Ticks).Add(id).AddBlob(name.Bytes).Run() == 0)
            Use(ref _receiptWritten, "INSERT INTO receipts(done, clock, staging, name) VALUES (?, ?, ?, ?)")
                .Add(done).Add(Clock.Ticks).Add(id).AddBlob(name.Bytes).Run();
    }

    public IReadOnlyList<(Name Name, bool Done)> ExpiredReceipts(string staging, TimeSpan keepFor, int limit)
    {
        var expired = new List<(Name, bool)>();
        Statement row = Use(ref _expiredReceipts, "SELECT name, done FROM receipts WHERE staging = ? AND clock <= ? ORDER BY clock LIMIT ?")
            .Add(_words.KnownIdOf(staging)).Add((Clock - keepFor).Ticks).Add(limit);
        while (row.Next())
            expired.Add((ReadName(row), row.ReadBool()));
        return expired;
    }

    /// <summary>Forgets it unless a newer one of that name was written meanwhile.</summary>
    public void ForgetExpiredReceipt(string staging, Name name, TimeSpan keepFor) =>
        Use(ref _forgetExpired, "DELETE FROM receipts WHERE staging = ? AND name = ? AND clock <= ?")
            .Add(_words.KnownIdOf(staging)).Add(name.Bytes).Add((Clock - keepFor).Ticks).Run();

    /// <summary>Its age begins anew, unless a newer one of that name was written meanwhile.</summary>
    public void PostponeExpiredReceipt(string staging, Name name, TimeSpan keepFor) =>
        Use(ref _postponeExpired, "UPDATE receipts SET clock = ? WHERE staging = ? AND name = ? AND clock <= ?")
            .Add(Clock.Ticks).Add(_words.KnownIdOf(staging)).Add(name.Bytes).Add((Clock - keepFor).Ticks).Run();

    public void ForgetReceipt(string staging, Name name) =>
        Use(ref _forgetReceipt, "DELETE FROM receipts WHERE staging = ? AND name = ?").Add(_words.KnownIdOf(staging)).AddBlob(name.Bytes).Run();
}

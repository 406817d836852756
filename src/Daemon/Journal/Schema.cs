namespace AtomikD.Journal;

/// <summary>
/// The tables. Times are ticks of 100 ns: of the wall clock since 1970, of the journal's clock since its making. Vaults,
/// routes, staging folders and boots are kept once, in <c>words</c>: they are part of every row and most indexes.
/// </summary>
internal static class Schema
{
    /// <summary>In the file's header: this is a journal of AtomikD.</summary>
    public const int ApplicationId = 0x41746F6D;

    public static int Version => s_steps.Length;

    /// <summary>From each version of the schema to the next, beginning with the empty file. Never changed once released, only added to.</summary>
    private static readonly string[] s_steps =
    [
        """
        CREATE TABLE state(
            one INTEGER PRIMARY KEY CHECK (one = 1),
            clock INTEGER NOT NULL DEFAULT 0,
            last_slot INTEGER NOT NULL DEFAULT 0,
            last_sequence INTEGER NOT NULL DEFAULT 0,
            history_from INTEGER NOT NULL DEFAULT 0,
            boot TEXT,
            seen_at INTEGER NOT NULL DEFAULT 0,
            stopped_at INTEGER,
            earlier_synced_at INTEGER);
        INSERT INTO state(one) VALUES (1);

        CREATE TABLE words(id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);

        CREATE TABLE names(
            vault INTEGER NOT NULL,
            name TEXT NOT NULL,
            last_number INTEGER NOT NULL DEFAULT 0,
            live INTEGER,
            hold TEXT,
            PRIMARY KEY (vault, name)) WITHOUT ROWID;
        CREATE INDEX names_held ON names(vault, name) WHERE hold IS NOT NULL;

        CREATE TABLE intents(
            id INTEGER PRIMARY KEY,
            vault INTEGER NOT NULL,
            route INTEGER NOT NULL,
            staging INTEGER NOT NULL,
            operation INTEGER NOT NULL,
            door INTEGER NOT NULL,
            source BLOB,
            target TEXT NOT NULL,
            has_marker INTEGER NOT NULL,
            marker BLOB,
            marker_seconds INTEGER NOT NULL,
            marker_nanoseconds INTEGER NOT NULL,
            marker_size INTEGER NOT NULL,
            item BLOB,
            copy BLOB,
            live BLOB,
            live_sequence INTEGER NOT NULL,
            from_sequence INTEGER NOT NULL,
            from_slot INTEGER NOT NULL,
            number INTEGER NOT NULL,
            boot INTEGER NOT NULL,
            uid INTEGER NOT NULL,
            cross_device INTEGER NOT NULL,
            options TEXT,
            hold TEXT);

        CREATE TABLE unclosed(
            id INTEGER PRIMARY KEY,
            vault INTEGER NOT NULL,
            route INTEGER NOT NULL,
            staging INTEGER NOT NULL,
            source BLOB,
            marker BLOB,
            marker_seconds INTEGER NOT NULL,
            marker_nanoseconds INTEGER NOT NULL,
            marker_size INTEGER NOT NULL,
            succeeded INTEGER NOT NULL,
            receipt TEXT,
            item BLOB);

        CREATE TABLE versions(
            sequence INTEGER PRIMARY KEY,
            vault INTEGER NOT NULL,
            route INTEGER NOT NULL,
            name TEXT NOT NULL,
            number INTEGER NOT NULL,
            state INTEGER NOT NULL,
            slot INTEGER NOT NULL,
            identity BLOB,
            kind INTEGER NOT NULL,
            files INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            committed_at INTEGER NOT NULL,
            replaced_clock INTEGER NOT NULL,
            durable INTEGER NOT NULL,
            door INTEGER NOT NULL,
            operation INTEGER NOT NULL,
            uid INTEGER NOT NULL,
            labels TEXT,
            request_id TEXT,
            sha256 TEXT,
            replaced INTEGER NOT NULL,
            rolled_back INTEGER NOT NULL,
            became INTEGER NOT NULL,
            clock INTEGER NOT NULL,
            surplus INTEGER NOT NULL DEFAULT 0);
        CREATE INDEX versions_of_route ON versions(route);
        CREATE INDEX versions_of_name ON versions(route, name);
        CREATE INDEX versions_by_request ON versions(route, request_id) WHERE request_id IS NOT NULL;
        CREATE INDEX versions_standing ON versions(vault) WHERE state <> 4;
        CREATE INDEX versions_retained ON versions(vault, name, surplus, slot DESC, number, rolled_back) WHERE state = 2;
        CREATE INDEX versions_surplus ON versions(vault, replaced_clock) WHERE state = 2 AND surplus = 1;
        CREATE INDEX versions_deleted ON versions(clock) WHERE state = 4;

        CREATE TABLE totals(vault INTEGER PRIMARY KEY, versions INTEGER NOT NULL, bytes INTEGER NOT NULL);

        CREATE TABLE failures(
            sequence INTEGER PRIMARY KEY,
            route INTEGER NOT NULL,
            name TEXT NOT NULL,
            door INTEGER NOT NULL,
            reason TEXT NOT NULL,
            message TEXT NOT NULL,
            at INTEGER NOT NULL,
            uid INTEGER NOT NULL,
            request_id TEXT,
            clock INTEGER NOT NULL);
        CREATE INDEX failures_by_age ON failures(clock);

        CREATE TABLE receipts(
            staging INTEGER NOT NULL,
            name BLOB NOT NULL,
            done INTEGER NOT NULL,
            clock INTEGER NOT NULL,
            PRIMARY KEY (staging, name)) WITHOUT ROWID;
        CREATE INDEX receipts_by_age ON receipts(staging, clock);

        CREATE TABLE poisoned(
            boot INTEGER NOT NULL,
            vault INTEGER NOT NULL,
            identity BLOB NOT NULL,
            PRIMARY KEY (vault, identity)) WITHOUT ROWID;
        """,

        // History is listed by route, newest first.
        "CREATE INDEX failures_of_route ON failures(route);",
    ];

    /// <summary>Brings the file to this version in one transaction.</summary>
    public static void Upgrade(Store store, long from)
    {
        store.Execute("BEGIN IMMEDIATE");
        for (long step = from; step < s_steps.Length; step++)
            store.Execute(s_steps[step]);
        store.Execute($"PRAGMA user_version = {s_steps.Length}; PRAGMA application_id = {ApplicationId}");
        store.Execute("COMMIT");
    }
}

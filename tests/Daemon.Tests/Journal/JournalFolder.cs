using AtomikD.Linux;
using AtomikD.Versions;
using Microsoft.Extensions.Logging;

namespace AtomikD.Journal;

/// <summary>A state folder of a test, its clocks, and the rows that tests write.</summary>
internal sealed class JournalFolder : TimeProvider, IDisposable
{
    public const string VaultId = "0123456789abcdef0123456789abcdef";
    public const string Route = "site";
    public const string StagingPath = "/srv/site/staging";

    private readonly string _root = Directory.CreateTempSubdirectory("journal-").FullName;
    private readonly KeptErrors _log = new();

    public JournalFolder(string? state = null) => State = state ?? Path.Combine(_root, "state");

    public string State { get; }

    public string JournalPath => Path.Combine(State, "journal.db");

    public DateTimeOffset Wall { get; set; } = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    public TimeSpan BootTime { get; set; } = TimeSpan.FromHours(5);

    public BootInfo Boot { get; set; } = new("boot-1", new DateTimeOffset(2026, 11, 22, 7, 0, 0, TimeSpan.Zero));

    public IReadOnlyList<string> Errors => _log.Errors;

    public override DateTimeOffset GetUtcNow() => Wall;

    public CommitJournal Open() => CommitJournal.Open(State, this, Boot, _log, () => BootTime);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    public static Identity IdentityOf(int n) => new((ulong)n, new Timestamp(1_700_000_000 + n, (uint)n), [1, 2, 3, (byte)n, (byte)(n >> 8)]);

    public static Intent NewIntent(CommitJournal journal, string target = "index.html", long number = 1) => new()
    {
        Id = journal.NextSlot(),
        Vault = VaultId,
        Route = Route,
        Staging = StagingPath,
        Operation = Operation.Commit,
        Door = Door.Marker,
        Source = Name.Of(target),
        Target = target,
        Item = IdentityOf((int)number),
        Number = number,
        BootId = "boot-1",
        Uid = 1000,
    };

    public static VersionRow NewVersion(Intent intent) => new()
    {
        Vault = intent.Vault,
        Route = intent.Route,
        Name = intent.Target,
        Number = intent.Number,
        State = VersionState.Live,
        Identity = intent.Item,
        Kind = ItemKind.Folder,
        Files = 3,
        Bytes = 1000 + intent.Number,
        CommittedAt = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero).AddTicks(1234567),
        Durable = true,
        Door = intent.Door,
        Operation = intent.Operation,
        Uid = intent.Uid,
    };

    /// <summary>One whole commit of a name, over what is live. Tells its sequence.</summary>
    public static long Commit(CommitJournal journal, string name = "index.html", int keep = 2) =>
        journal.Write(false, session => Commit(journal, session, name, keep));

    public static long Commit(CommitJournal journal, JournalSession session, string name, int keep)
    {
        NameState state = session.FindName(VaultId, name);
        Intent intent = NewIntent(journal, name, state.LastNumber + 1) with
        {
            Live = state.Live?.Identity ?? default,
            LiveSequence = state.Live?.Sequence ?? 0,
        };
        session.InsertIntent(intent);
        ReplacedThing? replaced = state.Live is { } live ? new ReplacedThing(live.Identity, ItemKind.File, IsLiveRow: true) : null;
        return session.Settle(intent, NewVersion(intent) with { Replaced = state.Live?.Number ?? 0 }, replaced, null, keep);
    }

    /// <summary>So many names, each with one version.</summary>
    public static void Fill(CommitJournal journal, int names) => journal.Write(false, session =>
    {
        for (int n = 0; n < names; n++)
            Commit(journal, session, $"filler-with-a-long-name-{n}", 2);
        return 0;
    });

    /// <summary>A rollback as the engine does it: take, intend, settle. Null where there is nothing to go back to.</summary>
    public static VersionRow? Rollback(CommitJournal journal, string name = "index.html", long to = 0, int keep = 2, string? hold = null) =>
        journal.Write(false, session =>
        {
            if (session.RollbackTarget(VaultId, name, to) is not { } target || !session.Take(target.Sequence))
                return null;
            NameState state = session.FindName(VaultId, name);
            Intent intent = NewIntent(journal, name, state.LastNumber + 1) with
            {
                Operation = Operation.Rollback,
                Source = Name.Empty,
                Item = target.Identity,
                LiveSequence = state.Live?.Sequence ?? 0,
                FromSequence = target.Sequence,
                FromSlot = target.Slot,
                HoldReason = hold,
            };
            session.InsertIntent(intent);
            ReplacedThing? replaced = state.Live is { } live ? new ReplacedThing(live.Identity, ItemKind.File, IsLiveRow: true) : null;
            return session.Find(session.Settle(intent, NewVersion(intent), replaced, null, keep));
        });

    private sealed class KeptErrors : ILogger
    {
        private readonly List<string> _errors = [];

        public IReadOnlyList<string> Errors
        {
            get
            {
                lock (_errors)
                    return [.. _errors];
            }
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel < LogLevel.Error)
                return;
            lock (_errors)
                _errors.Add($"{formatter(state, exception)} {exception?.Message}");
        }
    }
}

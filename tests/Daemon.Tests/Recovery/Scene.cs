using AtomikD.Commits;
using AtomikD.Commits.Steps;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Staging;
using AtomikD.Support;
using AtomikD.Versions;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace AtomikD.Recovery;

/// <summary>
/// The folders and the journal of a harness whose engine does not run: each act of a commit is done by hand, up to where the
/// daemon is supposed to have died. Disposing it leaves the journal as a crash does.
/// </summary>
internal sealed class Scene : IDisposable
{
    private const string RouteName = "site";
    private readonly EngineHarness _harness;
    private readonly BootInfo _boot;
    private readonly Fd? _own;

    public Scene(EngineHarness harness)
    {
        _harness = harness;
        _boot = harness.Options.Boot;
        Staging = TempFolder.OpenFolder(harness.Staging);
        Target = TempFolder.OpenFolder(harness.Target);
        Assert.Equal(Errno.None, Stat.FStat(Target, out FileStatus target));
        Assert.Null(Vault.Open(harness.VaultPath, Target, target, out Vault? vault));
        Vault = vault!;
        if (harness.Settings.Routes[0].CrossDevice == Configuration.CrossDevicePolicy.Copy)
        {
            Stat.MkdirAt(Staging, Routes.OpenFolders.OwnFolder, 0x1C0);
            _own = TempFolder.OpenFolder(harness.Staged(".atomikd"));
        }
        Journal = CommitJournal.Open(harness.StateDirectory, TimeProvider.System, _boot, NullLogger.Instance);
    }

    public Fd Staging { get; }

    public Fd Target { get; }

    public Vault Vault { get; }

    public CommitJournal Journal { get; }

    public Fd Own => _own!;

    public static Identity Look(Fd folder, Name name) =>
        Stat.StatAt(folder, name, out FileStatus status) == Errno.None ? Identity.Of(folder, name, status) : default;

    public static Name SlotOf(Intent intent) => Vault.SlotName(intent.Id, intent.Target);

    /// <summary>Step 2 for what is staged under that name, marked or not.</summary>
    public Intent Intend(string source, string? target = null, CommitOptions? options = null)
    {
        Name marker = ItemNames.MarkerOf(Name.Of(source));
        bool isMarked = Stat.StatAt(Staging, marker, out FileStatus status) == Errno.None;
        return Insert(NewIntent(target ?? source) with
        {
            Source = Name.Of(source),
            Door = isMarked ? Door.Marker : Door.Rpc,
            Item = Look(Staging, Name.Of(source)),
            Marker = isMarked ? new MarkerIdentity(Identity.Of(Staging, marker, status), status.Modified, status.Size) : null,
            CrossDevice = _own is not null,
            Options = options ?? CommitOptions.None,
        });
    }

    /// <summary>Step 2 for what stands in the vault's upload folder.</summary>
    public Intent IntendUpload(string upload, string target, CommitOptions? options = null) =>
        Insert(NewIntent(target) with { Item = Look(Vault.Upload, Name.Of(upload)), Options = options ?? CommitOptions.None });

    public void ClaimUpload(Intent intent, string upload) => Rename(Vault.Upload, Name.Of(upload), Vault.Folder, SlotOf(intent));

    public Intent IntendRollback(string name, long to) => Journal.Write(true, session =>
    {
        VersionRow wanted = session.RollbackTarget(Vault.Id, name, to)!;
        Assert.True(session.Take(wanted.Sequence));
        Intent intent = NewIntent(name, session) with { Operation = Operation.Rollback, Item = wanted.Identity, FromSequence = wanted.Sequence, FromSlot = wanted.Slot };
        session.InsertIntent(intent);
        return intent;
    });

    public Intent IntendRemove(string name) => Insert(NewIntent(name) with { Operation = Operation.Remove });

    private Intent Insert(Intent intent) => Journal.Write(true, session =>
    {
        session.InsertIntent(intent);
        return intent;
    });

    private Intent NewIntent(string target) => Journal.Write(false, session => NewIntent(target, session));

    private Intent NewIntent(string target, JournalSession session)
    {
        NameState state = session.FindName(Vault.Id, target);
        return new Intent
        {
            Id = Journal.NextSlot(),
            Vault = Vault.Id,
            Route = RouteName,
            Staging = _harness.Staging,
            Operation = Operation.Commit,
            Door = Door.Rpc,
            Source = Name.Empty,
            Target = target,
            Live = Look(Target, Name.Of(target)),
            LiveSequence = state.Live?.Sequence ?? 0,
            Number = state.LastNumber + 1,
            BootId = _boot.Id,
            Uid = 0,
        };
    }

    /// <summary>Step 3.</summary>
    public void Claim(Intent intent)
    {
        if (intent.Operation == Operation.Rollback)
            Rename(Vault.Folder, Vault.SlotName(intent.FromSlot, intent.Target), Vault.Folder, SlotOf(intent));
        else
            Rename(Staging, intent.Source, _own ?? Vault.Folder, SlotOf(intent));
    }

    /// <summary>Of step 4 what recovery has to see through: the number on the item.</summary>
    public void Seal(Intent intent)
    {
        Assert.Equal(Errno.None, Fcntl.OpenBeneath(Vault.Folder, SlotOf(intent), Fcntl.O_RDONLY, out Fd root));
        using Fd closing = root;
        Assert.Equal(Errno.None, SysXattr.FSetxattr(root, Step4Seal.VersionAttribute, Name.Of($"{intent.Number}").Bytes));
    }

    /// <summary>Step 5, as the intent's look at the destination demands.</summary>
    public void Publish(Intent intent)
    {
        if (intent.Operation == Operation.Remove)
            Rename(Target, Name.Of(intent.Target), Vault.Folder, SlotOf(intent));
        else
            Rename(Vault.Folder, SlotOf(intent), Target, Name.Of(intent.Target), intent.Live.IsNone ? Stdio.RENAME_NOREPLACE : Stdio.RENAME_EXCHANGE);
    }

    /// <summary>The target's file system falls back behind publish and claim.</summary>
    public void Lose(Intent intent)
    {
        if (intent.Live.IsNone)
        {
            Rename(Target, Name.Of(intent.Target), Staging, intent.Source);
            return;
        }
        Rename(Target, Name.Of(intent.Target), Vault.Folder, SlotOf(intent), Stdio.RENAME_EXCHANGE);
        Rename(Vault.Folder, SlotOf(intent), Staging, intent.Source);
    }

    /// <summary>The transaction of step 6.</summary>
    public void Settle(Intent intent, bool done = true)
    {
        var version = new VersionRow
        {
            Vault = intent.Vault,
            Route = intent.Route,
            Name = intent.Target,
            Number = intent.Number,
            State = VersionState.Live,
            Identity = intent.Copy.IsNone ? intent.Item : intent.Copy,
            Kind = ItemKind.File,
            CommittedAt = TimeProvider.System.GetUtcNow(),
            Operation = intent.Operation,
            Door = intent.Door,
        };
        string receipt = ReceiptText.Done(RouteName, version, _harness.Live(intent.Target), repeated: false);
        Stat.StatAt(Vault.Folder, SlotOf(intent), out FileStatus slot);
        var replaced = intent.Live.IsNone ? null : new ReplacedThing(Look(Vault.Folder, SlotOf(intent)), slot.KindOf(), intent.LiveSequence != 0);
        Journal.Write(true, session =>
            session.Settle(intent, version, replaced, Unclosed(intent, true, done ? receipt : null), keep: 2));
    }

    /// <summary>The transaction of step 6 for a refused request.</summary>
    public void Refuse(Intent intent, Reason reason)
    {
        var refusal = new Refusal(reason, "No.", "Do something else.");
        string receipt = ReceiptText.Failed(RouteName, intent.Target, refusal, _harness.Staged(intent.Source.ToString()), TimeProvider.System.GetUtcNow());
        var failure = new FailureRow { Route = RouteName, Name = intent.Target, Door = intent.Door, Reason = reason, Message = refusal.Message, At = TimeProvider.System.GetUtcNow() };
        Journal.Write(true, session => session.Fail(failure, intent.Id, Unclosed(intent, false, receipt)));
    }

    private static Unclosed Unclosed(Intent intent, bool succeeded, string? receipt) =>
        new(intent.Id, intent.Vault, intent.Route, intent.Staging, intent.Source, intent.Marker ?? default, succeeded, receipt) { Item = succeeded ? intent.Item : default };

    /// <summary>The first rename of step 7's second half: the marker in the daemon's folder, not yet looked at.</summary>
    public void TakeMarker(Intent intent) => Rename(Staging, ItemNames.MarkerOf(intent.Source), _own ?? Vault.Folder, MarkerRemoval.TakenName(intent.Id));

    public static void Rename(Fd from, Name name, Fd to, Name newName, uint flags = Stdio.RENAME_NOREPLACE) =>
        Assert.Equal(Errno.None, Stdio.RenameAt2(from, name, to, newName, flags));

    public void Dispose()
    {
        Journal.Dispose();
        Vault.Dispose();
        _own?.Dispose();
        Target.Dispose();
        Staging.Dispose();
    }
}

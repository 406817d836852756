using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Versions;
using Xunit;
using static AtomikD.Journal.JournalFolder;

namespace AtomikD.Journal;

/// <summary>What is written comes back as it was, after closing and opening too.</summary>
public sealed class JournalRowTests : IDisposable
{
    private readonly JournalFolder _folder = new();
    private CommitJournal _journal;

    public JournalRowTests() => _journal = _folder.Open();

    public void Dispose()
    {
        _journal.Dispose();
        _folder.Dispose();
    }

    private void Reopen()
    {
        _journal.Dispose();
        _journal = _folder.Open();
    }

    [Fact]
    public void A_full_intent_comes_back_whole()
    {
        var labels = new Dictionary<string, string> { ["build"] = "17", ["ü\0"] = "\"x\"\n" };
        Intent intent = NewIntent(_journal) with
        {
            Source = Name.Of([0xff, 0xfe, (byte)'a']),
            Marker = new MarkerIdentity(IdentityOf(7), new Timestamp(-5, 999_999_999), long.MaxValue),
            Item = IdentityOf(8),
            Live = IdentityOf(9),
            LiveSequence = 4,
            FromSequence = 5,
            FromSlot = new SlotId(6),
            Uid = uint.MaxValue,
            CrossDevice = true,
            Options = new CommitOptions { Name = "", Overwrite = false, ExpectedVersion = 0, RequestId = "r", Sha256 = "ab", Synced = true, Labels = labels, Traceparent = "00-1-2-3" },
            HoldReason = "",
        };
        _journal.Write(true, s =>
        {
            s.InsertIntent(intent);
            s.SetCopy(intent.Id, IdentityOf(10));
            return 0;
        });
        Reopen();

        Intent read = Assert.Single(_journal.Write(false, s => s.OpenIntents(VaultId)));
        Assert.Equal(labels, read.Options.Labels);
        Assert.Equal(intent.Options with { Labels = null }, read.Options with { Labels = null });
        Assert.Equal(intent with { Copy = IdentityOf(10), Options = CommitOptions.None }, read with { Options = CommitOptions.None });
        Assert.Equal(intent.Item.Handle, read.Item.Handle);
        Assert.Equal([(VaultId, Route, StagingPath, 1)], _journal.Write(false, s => s.OpenIntentsByVault()));
    }

    [Fact]
    public void A_bare_intent_comes_back_bare()
    {
        Intent intent = NewIntent(_journal) with { Source = Name.Empty, Item = default };
        _journal.Write(false, s =>
        {
            s.InsertIntent(intent);
            return 0;
        });
        Assert.Equal(intent, Assert.Single(_journal.Write(false, s => s.OpenIntents(VaultId))));
        Assert.Empty(_journal.Write(false, s => s.OpenIntents("another")));

        _journal.Write(false, s =>
        {
            s.DropIntent(intent.Id);
            return 0;
        });
        Assert.Empty(_journal.Write(false, s => s.OpenIntents(VaultId)));
        Assert.Empty(_journal.Write(false, s => s.OpenIntentsByVault()));
    }

    [Fact]
    public void A_version_comes_back_whole_by_every_way()
    {
        Intent intent = NewIntent(_journal);
        VersionRow version = NewVersion(intent) with
        {
            Kind = ItemKind.Other,
            Labels = new Dictionary<string, string> { ["a"] = "b" },
            RequestId = "request-1",
            Sha256 = new string('a', 64),
            Replaced = 41,
        };
        long sequence = _journal.Write(true, s =>
        {
            s.InsertIntent(intent);
            return s.Settle(intent, version, null, null, 2);
        });
        Assert.Equal(sequence, _journal.LastSequence);
        Reopen();
        Assert.Equal(sequence, _journal.LastSequence);

        VersionRow read = _journal.Write(false, s => s.Find(sequence))!;
        Assert.Equal(version.Labels, read.Labels);
        Assert.Equal(version with { Sequence = sequence, Labels = null }, read with { Labels = null });

        (VersionRow? byRequest, NameState name, IReadOnlyList<VersionRow> standing, IReadOnlyList<VersionRow> after) = _journal.Write(false, s =>
            (s.FindSuccess(Route, "request-1"), s.FindName(VaultId, intent.Target), s.Standing(VaultId, 0, 10), s.SuccessesAfter(0, 10)));
        foreach (VersionRow row in (VersionRow[])[byRequest!, standing[0], after[0]])
            Assert.Equal(read with { Labels = null }, row with { Labels = null });
        Assert.Equal(new NameState(1, new LiveVersion(sequence, read.Number, read.Identity), null), name);
        Assert.Null(_journal.Write(false, s => s.FindSuccess("other", "request-1")));
        Assert.Null(_journal.Write(false, s => s.FindSuccess(Route, "request-2")));
        Assert.Null(_journal.Write(false, s => s.Find(sequence + 1)));
    }

    [Fact]
    public void A_failure_and_what_is_not_closed_come_back_whole()
    {
        Intent intent = NewIntent(_journal);
        var marker = new MarkerIdentity(IdentityOf(7), new Timestamp(5, 6), 0);
        var unclosed = new Unclosed(intent.Id, VaultId, Route, StagingPath, Name.Of([0x80]), marker, Succeeded: false, "{}");
        var more = new Unclosed(_journal.NextSlot(), VaultId, Route, StagingPath, Name.Of("b"), default, Succeeded: true, null);
        var failure = new FailureRow
        {
            Route = Route,
            Name = "a\\x80",
            Door = Door.Rpc,
            Reason = Reason.ChecksumMismatch,
            Message = "no",
            At = DateTimeOffset.UnixEpoch.AddTicks(5),
            Uid = 33,
            RequestId = "r",
        };
        long sequence = _journal.Write(true, s =>
        {
            s.InsertIntent(intent);
            s.InsertUnclosed(more);
            return s.Fail(failure, intent.Id, unclosed);
        });
        Reopen();

        Assert.Equal(failure with { Sequence = sequence }, Assert.Single(_journal.Write(false, s => s.FailuresBefore(Route, null, long.MaxValue, 10))));
        Assert.Empty(_journal.Write(false, s => s.FailuresBefore(Route, null, sequence, 10)));
        Assert.Empty(_journal.Write(false, s => s.OpenIntents(VaultId)));
        Assert.Equal([unclosed, more], _journal.Write(false, s => s.UnclosedOf(StagingPath)));
        Assert.Empty(_journal.Write(false, s => s.UnclosedOf("/elsewhere")));
        Assert.Equal([more], _journal.Write(false, s =>
        {
            s.Close(unclosed.Id);
            return s.UnclosedOf(StagingPath);
        }));
    }

    [Fact]
    public void Holds_come_and_go()
    {
        _journal.Write(true, s =>
        {
            s.SetHold(VaultId, "b", "because");
            s.SetHold(VaultId, "a", "");
            s.SetHold("other", "c", "x");
            s.SetHold(VaultId, "unknown", null);
            return 0;
        });
        Reopen();
        Assert.Equal([("a", ""), ("b", "because")], _journal.Write(false, s => s.Holds(VaultId)));
        Assert.Equal(new NameState(0, null, "because"), _journal.Write(false, s => s.FindName(VaultId, "b")));
        Assert.Equal([("a", "")], _journal.Write(false, s =>
        {
            s.SetHold(VaultId, "b", null);
            return s.Holds(VaultId);
        }));
    }

    [Fact]
    public void Poisoned_identities_are_of_one_boot()
    {
        _journal.Write(true, s =>
        {
            s.Poison(VaultId, IdentityOf(1));
            s.Poison(VaultId, IdentityOf(1));
            s.Poison("other", IdentityOf(2));
            return 0;
        });
        Reopen();
        Assert.Equal([IdentityOf(1)], _journal.Write(false, s => s.Poisoned(VaultId)));
        _folder.Boot = _folder.Boot with { Id = "boot-2" };
        Reopen();
        Assert.Empty(_journal.Write(false, s => s.Poisoned(VaultId)));
        Assert.Empty(_journal.Write(false, s => s.Poisoned("other")));
    }

    [Fact]
    public void Receipts_expire_by_their_last_writing()
    {
        Name a = Name.Of("a"), b = Name.Of([0xff]);
        _journal.Write(false, s =>
        {
            s.ReceiptWritten(StagingPath, a, done: true);
            s.ReceiptWritten(StagingPath, b, done: true);
            return 0;
        });
        _folder.BootTime += TimeSpan.FromHours(1);
        _journal.Write(false, s =>
        {
            s.ReceiptWritten(StagingPath, a, done: false);
            return 0;
        });
        _folder.BootTime += TimeSpan.FromHours(1);

        Assert.Empty(Expired(TimeSpan.FromHours(3)));
        Assert.Equal([(b, true)], Expired(TimeSpan.FromHours(2)));
        Assert.Equal([(b, true), (a, false)], Expired(TimeSpan.FromHours(1)));
        _journal.Write(false, s =>
        {
            s.ForgetReceipt(StagingPath, b);
            return 0;
        });
        Assert.Equal([(a, false)], Expired(TimeSpan.Zero));

        IReadOnlyList<(Name, bool)> Expired(TimeSpan keepFor) => _journal.Write(false, s => s.ExpiredReceipts(StagingPath, keepFor, 10));
    }
}

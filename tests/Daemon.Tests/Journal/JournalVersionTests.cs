using AtomikD.Linux;
using AtomikD.Versions;
using Xunit;
using static AtomikD.Journal.JournalFolder;

namespace AtomikD.Journal;

/// <summary>From live to deleted: settling, retention, rollback.</summary>
public sealed class JournalVersionTests : IDisposable
{
    private const string Index = "index.html";

    private readonly JournalFolder _folder = new();
    private readonly CommitJournal _journal;

    public JournalVersionTests() => _journal = _folder.Open();

    public void Dispose()
    {
        _journal.Dispose();
        _folder.Dispose();
    }

    private T Do<T>(Func<JournalSession, T> work) => _journal.Write(false, work);

    private void Do(Action<JournalSession> work) => _journal.Write(false, session =>
    {
        work(session);
        return true;
    });

    private VersionRow Row(long sequence) => Do(s => s.Find(sequence))!;

    private IEnumerable<long> Due(TimeSpan keepFor, int limit = 100) => Do(s => s.Due(VaultId, keepFor, limit)).Select(v => v.Sequence);

    [Fact]
    public void What_is_replaced_is_retained_in_the_slot_of_what_replaced_it()
    {
        long one = Commit(_journal);
        Intent intent = NewIntent(_journal, number: 2) with { LiveSequence = one };
        _folder.BootTime += TimeSpan.FromMinutes(1);
        (long two, TimeSpan clock) = Do(s =>
        {
            s.InsertIntent(intent);
            return (s.Settle(intent, NewVersion(intent), new ReplacedThing(Row1().Identity, ItemKind.Folder, true), null, 2), s.Clock);

            VersionRow Row1() => s.Find(one)!;
        });

        VersionRow first = Row(one);
        Assert.Equal((VersionState.Retained, intent.Id, clock, false), (first.State, first.Slot, first.ReplacedClock, first.RolledBack));
        NameState name = Do(s => s.FindName(VaultId, Index));
        Assert.Equal((2, two), (name.LastNumber, name.Live!.Sequence));
        Assert.Empty(Do(s => s.OpenIntents(VaultId)));
        Assert.Equal((1, first.Bytes), Do(s => s.RetainedTotals(VaultId)));
    }

    [Fact]
    public void Nothing_is_settled_twice()
    {
        Intent intent = NewIntent(_journal);
        Do(s => s.InsertIntent(intent));
        Do(s => s.Settle(intent, NewVersion(intent), null, null, 2));
        Assert.Throws<InvalidOperationException>(() => Do(s => s.Settle(intent, NewVersion(intent), null, null, 2)));
        Assert.Single(Do(s => s.ListVersions(Route, null, 10, 0)));
    }

    [Fact]
    public void A_strangers_thing_is_retained_with_number_0_and_the_live_row_is_deleted()
    {
        long one = Commit(_journal);
        Intent intent = NewIntent(_journal, number: 2) with { LiveSequence = one };
        long two = Do(s =>
        {
            s.InsertIntent(intent);
            return s.Settle(intent, NewVersion(intent), new ReplacedThing(IdentityOf(99), ItemKind.Other, IsLiveRow: false), null, 2);
        });

        Assert.Equal(VersionState.Deleted, Row(one).State);
        VersionRow stranger = Do(s => s.RollbackTarget(VaultId, Index, 0))!;
        Assert.Equal((0, VersionState.Retained, intent.Id, IdentityOf(99), ItemKind.Other),
            (stranger.Number, stranger.State, stranger.Slot, stranger.Identity, stranger.Kind));
        Assert.Equal([two, stranger.Sequence, one], Do(s => s.ListVersions(Route, Index, 10, 0)).Select(v => v.Sequence));
        Assert.Equal([one, two], Do(s => s.SuccessesAfter(0, 10)).Select(v => v.Sequence));
    }

    [Fact]
    public void What_vanished_from_the_destination_leaves_no_live_row()
    {
        long one = Commit(_journal);
        Intent intent = NewIntent(_journal, number: 2) with { LiveSequence = one };
        Do(s => s.InsertIntent(intent));
        Do(s => s.Settle(intent, NewVersion(intent), null, null, 2));
        Assert.Equal(VersionState.Deleted, Row(one).State);
        Assert.Null(Do(s => s.RollbackTarget(VaultId, Index, 0)));
        Assert.Equal(default, Do(s => s.RetainedTotals(VaultId)));
    }

    [Fact]
    public void A_remove_takes_the_name_down_and_uses_no_number()
    {
        long one = Commit(_journal);
        Intent intent = NewIntent(_journal) with { Operation = Operation.Remove, Source = Name.Empty, LiveSequence = one, Number = 0 };
        long removal = Do(s =>
        {
            s.InsertIntent(intent);
            return s.Settle(intent, NewVersion(intent), new ReplacedThing(Row1(s).Identity, ItemKind.Folder, true), null, 2);
        });

        Assert.Equal(new NameState(1, null, null), Do(s => s.FindName(VaultId, Index)));
        Assert.Equal(VersionState.Deleted, Row(removal).State);
        Assert.Equal([one, removal], Do(s => s.SuccessesAfter(0, 10)).Select(v => v.Sequence));
        Assert.Equal(one, Do(s => s.RollbackTarget(VaultId, Index, 0))!.Sequence);
        long again = Commit(_journal);
        Assert.Equal(2, Row(again).Number);

        VersionRow Row1(JournalSession s) => s.Find(one)!;
    }

    [Fact]
    public void Settling_brings_hold_and_unclosed_with_it()
    {
        Commit(_journal);
        Commit(_journal);
        VersionRow back = Rollback(_journal, hold: "bad release")!;
        Assert.Equal("bad release", Do(s => s.FindName(VaultId, Index)).HoldReason);

        Intent intent = NewIntent(_journal, "other");
        var unclosed = new Unclosed(intent.Id, VaultId, Route, StagingPath, intent.Source, default, true, "{}");
        Do(s => s.InsertIntent(intent));
        Do(s => s.Settle(intent, NewVersion(intent), null, unclosed, 2));
        Assert.Equal([unclosed], Do(s => s.UnclosedOf(StagingPath)));
        Assert.Equal(3, back.Number);
    }

    [Fact]
    public void Rolling_back_twice_never_brings_the_bad_one_back()
    {
        long one = Commit(_journal);
        long two = Commit(_journal);
        long three = Commit(_journal); // bad
        Assert.Equal(Row(two).Identity, Rollback(_journal)!.Identity);
        Assert.Equal((VersionState.Deleted, 4), (Row(two).State, Row(two).Became));
        Assert.Equal((VersionState.Retained, true), (Row(three).State, Row(three).RolledBack));

        Assert.Equal(Row(one).Identity, Rollback(_journal)!.Identity);
        Assert.Null(Rollback(_journal));

        // By its number it can be had.
        Assert.Equal(Row(three).Identity, Rollback(_journal, to: 3)!.Identity);
    }

    [Fact]
    public void A_rollback_prefers_what_was_replaced_last_even_when_it_is_surplus()
    {
        long one = Commit(_journal, keep: 0);
        long two = Commit(_journal, keep: 0);
        Commit(_journal, keep: 0);
        Assert.Equal([one, two], Due(TimeSpan.Zero));
        Assert.Equal(two, Do(s => s.RollbackTarget(VaultId, Index, 0))!.Sequence);
        Assert.Equal(one, Do(s => s.RollbackTarget(VaultId, Index, 1))!.Sequence);
        Assert.Null(Do(s => s.RollbackTarget(VaultId, Index, 3)));
        Assert.Null(Do(s => s.RollbackTarget(VaultId, "other", 0)));
        Assert.Null(Do(s => s.RollbackTarget("other", Index, 0)));
    }

    [Fact]
    public void A_version_is_taken_by_whoever_comes_first()
    {
        long one = Commit(_journal);
        Commit(_journal);
        Assert.True(Do(s => s.Take(one)));
        Assert.False(Do(s => s.Take(one)));
        Assert.Null(Do(s => s.RollbackTarget(VaultId, Index, 0)));
        Assert.Equal(default, Do(s => s.RetainedTotals(VaultId)));
        Do(s => s.Return(one));
        Assert.Equal(VersionState.Retained, Row(one).State);
        Assert.True(Do(s => s.Take(one)));
        Do(s => s.MarkDeleted(one));
        Do(s => s.Return(one));
        Assert.Equal(VersionState.Deleted, Row(one).State);
        Assert.False(Do(s => s.Take(one)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_rollback_that_comes_to_nothing_gives_its_version_back(bool failed)
    {
        long one = Commit(_journal);
        Commit(_journal);
        Intent intent = NewIntent(_journal, number: 3) with { Operation = Operation.Rollback, FromSequence = one, Source = Name.Empty };
        Do(s =>
        {
            Assert.True(s.Take(one));
            s.InsertIntent(intent);
        });
        Assert.Equal(VersionState.Leaving, Row(one).State);
        var failure = new FailureRow { Route = Route, Name = Index, Door = Door.Rpc, Reason = Commits.Reason.IoError, Message = "", At = _folder.Wall };
        Do(s =>
        {
            if (failed)
                s.Fail(failure, intent.Id, null);
            else
                s.DropIntent(intent.Id);
        });
        Assert.Equal(VersionState.Retained, Row(one).State);
        Assert.Equal(one, Do(s => s.RollbackTarget(VaultId, Index, 0))!.Sequence);
    }

    [Fact]
    public void Due_are_those_beyond_keep_once_their_time_has_passed_oldest_first()
    {
        var sequences = new List<long>();
        for (int i = 0; i < 6; i++)
        {
            sequences.Add(Commit(_journal, keep: 2));
            _folder.BootTime += TimeSpan.FromMinutes(1);
        }
        // 6 is live, 5 and 4 are kept; 1, 2, 3 were replaced 5, 4 and 3 minutes ago.
        Assert.Equal(sequences[..3], Due(TimeSpan.Zero));
        Assert.Equal(sequences[..3], Due(TimeSpan.FromMinutes(3)));
        Assert.Equal(sequences[..2], Due(TimeSpan.FromMinutes(3.5)));
        Assert.Empty(Due(TimeSpan.FromMinutes(6)));
        Assert.Equal(sequences[..1], Due(TimeSpan.Zero, limit: 1));
        VersionRow first = Row(sequences[0]);
        Assert.Equal(sequences[1..3], Do(s => s.Due(VaultId, TimeSpan.Zero, 10, first)).Select(v => v.Sequence));
        Assert.Empty(Do(s => s.Due("other", TimeSpan.Zero, 10)));

        Do(s => s.Take(sequences[0]));
        Assert.Equal(sequences[1..3], Due(TimeSpan.Zero));
        Do(s => s.MarkDeleted(sequences[0]));
        Do(s => s.Return(sequences[0]));
        Assert.Equal(sequences[1..3], Due(TimeSpan.Zero));
    }

    [Fact]
    public void A_change_of_keep_changes_what_is_surplus()
    {
        List<long> a = [.. Enumerable.Range(0, 5).Select(_ => Commit(_journal, "a", keep: 2))];
        List<long> b = [.. Enumerable.Range(0, 2).Select(_ => Commit(_journal, "b", keep: 2))];
        Assert.Equal(a[..2], Due(TimeSpan.Zero));
        Do(s => s.RecomputeSurplus(VaultId, Route, 3));
        Assert.Equal(a[..1], Due(TimeSpan.Zero));
        Do(s => s.RecomputeSurplus(VaultId, Route, 0));
        Assert.Equal([.. a[..4], b[0]], Due(TimeSpan.Zero));
        Do(s => s.RecomputeSurplus(VaultId, Route, 100));
        Assert.Empty(Due(TimeSpan.Zero));
    }

    [Fact]
    public void The_totals_know_nothing_of_what_was_undone()
    {
        Commit(_journal);
        long second = Commit(_journal);
        (long versions, long bytes) = Do(s => s.RetainedTotals(VaultId));
        Assert.Throws<InvalidDataException>(() => Do<long>(s =>
        {
            Commit(_journal, s, Index, 2);
            throw new InvalidDataException("undone");
        }));
        Assert.Equal((versions, bytes), Do(s => s.RetainedTotals(VaultId)));
        Commit(_journal);
        Assert.Equal((versions + 1, bytes + Row(second).Bytes), Do(s => s.RetainedTotals(VaultId)));
    }

    [Fact]
    public void A_lost_publish_is_undone()
    {
        long one = Commit(_journal);
        long two = Commit(_journal);
        Do(s =>
        {
            s.MarkDeleted(two);
            Assert.Null(s.FindName(VaultId, Index).Live);
            s.MakeLive(one);
        });
        NameState name = Do(s => s.FindName(VaultId, Index));
        Assert.Equal((2, one, VersionState.Live, default), (name.LastNumber, name.Live!.Sequence, Row(one).State, Row(one).Slot));
        Assert.Equal(3, Row(Commit(_journal)).Number);
        Assert.Equal((1, Row(one).Bytes), Do(s => s.RetainedTotals(VaultId)));
    }

    [Fact]
    public void Standing_is_paged_by_sequence_without_what_is_deleted()
    {
        List<long> all = [.. Enumerable.Range(0, 5).Select(i => Commit(_journal, $"n{i}"))];
        Do(s => s.MarkDeleted(all[1]));
        Assert.Equal([all[0], all[2]], Do(s => s.Standing(VaultId, 0, 2)).Select(v => v.Sequence));
        Assert.Equal([all[3], all[4]], Do(s => s.Standing(VaultId, all[2], 9)).Select(v => v.Sequence));
        Assert.Equal([all[4], all[3]], Do(s => s.ListVersions(Route, null, 2, 0)).Select(v => v.Sequence));
        Assert.Equal([all[2], all[1]], Do(s => s.ListVersions(Route, null, 2, all[3])).Select(v => v.Sequence));
    }

    [Fact]
    public void Numbers_go_on_above_what_the_live_item_says()
    {
        Do(s => s.EnsureNumberAbove(VaultId, Index, 41));
        Assert.Equal(42, Row(Commit(_journal)).Number);
        Do(s => s.EnsureNumberAbove(VaultId, Index, 7));
        Assert.Equal(43, Row(Commit(_journal)).Number);
    }

    [Fact]
    public void Pruning_takes_old_history_and_nothing_that_is_needed()
    {
        long gone = Commit(_journal, "a");
        long retained = Commit(_journal, "a");
        Commit(_journal, "a");
        Do(s => s.MarkDeleted(gone));
        long lost = Commit(_journal, "b");
        Do(s => s.MarkDeleted(lost));
        Intent open = NewIntent(_journal, "c");
        var failure = new FailureRow { Route = Route, Name = "d", Door = Door.Rpc, Reason = Commits.Reason.Busy, Message = "", At = _folder.Wall };
        Do(s =>
        {
            s.InsertIntent(open);
            s.Fail(failure, null, null);
        });
        _folder.BootTime += TimeSpan.FromDays(30);
        long fresh = Commit(_journal, "e");
        Do(s => s.MarkDeleted(fresh));

        Assert.Equal(0, Do(s => s.PruneHistory(TimeSpan.FromDays(31), 10)));
        Assert.Equal(2, Do(s => s.PruneHistory(TimeSpan.FromDays(29), 2)));
        Assert.True(Do(s => s.HistoryFrom) >= lost);
        Assert.Equal(1, Do(s => s.PruneHistory(TimeSpan.FromDays(29), 2)));
        Assert.Equal(0, Do(s => s.PruneHistory(TimeSpan.FromDays(29), 2)));

        Assert.Null(Do(s => s.Find(gone)));
        Assert.Null(Do(s => s.Find(lost)));
        Assert.Equal(VersionState.Retained, Row(retained).State);
        Assert.NotNull(Do(s => s.Find(fresh)));
        Assert.Empty(Do(s => s.FailuresBefore(Route, null, long.MaxValue, 10)));
        Assert.Single(Do(s => s.OpenIntents(VaultId)));
        Assert.Equal(1, Do(s => s.FindName(VaultId, "b")).LastNumber);
        Assert.Equal(2, Row(Commit(_journal, "b")).Number);
    }
}

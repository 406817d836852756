using System.Collections.Concurrent;
using AtomikD.Linux;
using AtomikD.Versions;
using SQLitePCL;
using Xunit;
using static AtomikD.Journal.JournalFolder;

namespace AtomikD.Journal;

public sealed class CommitJournalTests : IDisposable
{
    private readonly JournalFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static int Nothing(JournalSession session) => 0;

    [Fact]
    public void One_transaction_takes_what_many_threads_hand_in_and_one_failing_work_harms_no_other()
    {
        using CommitJournal journal = _folder.Open();
        var outcomes = new ConcurrentDictionary<int, string>();
        Thread[] threads = [.. Enumerable.Range(0, 16).Select(t => new Thread(() =>
        {
            for (int i = t; i < 800; i += 16)
            {
                try
                {
                    int n = i;
                    outcomes[i] = journal.Write(n % 3 == 0, s =>
                    {
                        Commit(journal, s, $"name-{n}", 2);
                        return n % 5 == 0 ? throw new InvalidOperationException($"no {n}") : $"yes {n}";
                    });
                }
                catch (InvalidOperationException e)
                {
                    outcomes[i] = e.Message;
                }
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();

        for (int i = 0; i < 800; i++)
        {
            Assert.Equal(i % 5 == 0 ? $"no {i}" : $"yes {i}", outcomes[i]);
            Assert.Equal(i % 5 == 0 ? 0 : 1, journal.Write(false, s => s.FindName(VaultId, $"name-{i}")).LastNumber);
        }
        Assert.Empty(_folder.Errors);
    }

    [Fact]
    public async Task Work_that_waits_together_is_committed_together()
    {
        using CommitJournal journal = _folder.Open();
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        var clocks = new ConcurrentBag<TimeSpan>();
        Task<int> first = journal.WriteAsync(false, _ =>
        {
            entered.Set();
            leave.Wait();
            return 0;
        });
        entered.Wait();
        Task<int>[] others = [.. Enumerable.Range(0, 50).Select(i => journal.WriteAsync(i == 7, s =>
        {
            _folder.BootTime += TimeSpan.FromSeconds(1);
            clocks.Add(s.Clock);
            return i == 9 ? throw new InvalidDataException() : i;
        }))];
        Assert.False(first.IsCompleted);
        leave.Set();
        await Task.WhenAll(others.Where((_, i) => i != 9));
        await Assert.ThrowsAsync<InvalidDataException>(() => others[9]);
        Assert.Single(clocks.Distinct());
    }

    [Fact]
    public void Words_first_met_in_work_that_failed_are_not_remembered()
    {
        using CommitJournal journal = _folder.Open();
        Assert.Throws<InvalidOperationException>(() => journal.Write<int>(false, s =>
        {
            s.SetHold("new vault", "a", "x");
            throw new InvalidOperationException();
        }));
        journal.Write(false, s =>
        {
            s.SetHold("second vault", "b", "y");
            s.SetHold("new vault", "c", "z");
            return 0;
        });
        Assert.Equal([("c", "z")], journal.Write(false, s => s.Holds("new vault")));
        Assert.Equal([("b", "y")], journal.Write(false, s => s.Holds("second vault")));
    }

    [Fact]
    public void Post_is_written_and_its_failure_is_told_in_the_log()
    {
        using (CommitJournal journal = _folder.Open())
        {
            journal.Post(s => s.SetHold(VaultId, "a", "x"));
            journal.Post(_ => throw new InvalidOperationException("posted in vain"));
            journal.Post(s => s.SetHold(VaultId, "b", "y"));
        }
        Assert.Contains("posted in vain", Assert.Single(_folder.Errors), StringComparison.Ordinal);
        using CommitJournal again = _folder.Open();
        Assert.Equal(2, again.Write(false, s => s.Holds(VaultId)).Count);
    }

    [Fact]
    public void A_session_is_dead_outside_its_callback_and_a_closed_journal_takes_nothing()
    {
        CommitJournal journal = _folder.Open();
        JournalSession kept = journal.Write(false, s => s);
        Assert.Throws<InvalidOperationException>(() => kept.Holds(VaultId));
        Assert.Throws<InvalidOperationException>(() => journal.Write(false, _ => journal.Write(false, Nothing)));
        journal.Dispose();
        journal.Dispose();
        Assert.Throws<ObjectDisposedException>(() => journal.Write(false, Nothing));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_was_committed_is_there_after_a_crash(bool durable)
    {
        string copy = Directory.CreateTempSubdirectory("journal-copy-").FullName;
        try
        {
            long sequence;
            SlotId slot;
            using (CommitJournal journal = _folder.Open())
            {
                Intent open = NewIntent(journal, "open");
                sequence = journal.Write(durable, s =>
                {
                    s.InsertIntent(open);
                    return Commit(journal, s, "done", 2);
                });
                slot = journal.NextSlot();
                journal.Write(durable, s =>
                {
                    s.SetHold(VaultId, "x", "y");
                    return 0;
                });
                Assert.Throws<InvalidOperationException>(() => journal.Write<int>(durable, s =>
                {
                    Commit(journal, s, "never", 2);
                    throw new InvalidOperationException();
                }));
                foreach (string file in Directory.GetFiles(_folder.State, "journal.db*"))
                    File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
            }
            using var crashed = new JournalFolder(copy);
            crashed.Wall = DateTimeOffset.UnixEpoch;
            using CommitJournal after = crashed.Open();
            Assert.False(after.IsNew);
            Assert.Null(after.Previous.OrderlyStopAt);
            Assert.Equal("open", Assert.Single(after.Write(false, s => s.OpenIntents(VaultId))).Target);
            Assert.Equal(sequence, after.Write(false, s => s.FindName(VaultId, "done")).Live!.Sequence);
            Assert.Equal(NameState.Unknown, after.Write(false, s => s.FindName(VaultId, "never")));
            Assert.True(after.NextSlot().Value > slot.Value);
            Assert.True(Commit(after) > sequence);
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    [Fact]
    public void Slots_and_sequences_only_grow()
    {
        long slot, sequence;
        using (CommitJournal journal = _folder.Open())
        {
            Assert.True(journal.IsNew);
            Assert.Equal(journal.LastSequence, journal.Write(false, s => s.HistoryFrom));
            var slots = new ConcurrentBag<long>();
            Parallel.For(0, 1000, _ => slots.Add(journal.NextSlot().Value));
            Assert.Equal(1000, slots.Distinct().Count());
            slot = journal.NextSlot().Value;
            sequence = Commit(journal);
            Assert.InRange(sequence, 1, 1L << 53);
        }
        _folder.Wall -= TimeSpan.FromDays(365);
        using (CommitJournal journal = _folder.Open())
        {
            Assert.False(journal.IsNew);
            Assert.Equal(sequence, journal.LastSequence);
            Assert.True(journal.NextSlot().Value > slot);
            long next = Commit(journal);
            Assert.Equal(sequence + 1, next);
            sequence = next;
        }
        _folder.Wall += TimeSpan.FromDays(700);
        using (CommitJournal journal = _folder.Open())
        {
            Assert.Equal(sequence, journal.LastSequence);
            long micros = (_folder.Wall - DateTimeOffset.UnixEpoch).Ticks / 10;
            Assert.True(journal.NextSlot().Value >= micros);
            Assert.True(Commit(journal) >= micros);
        }
    }

    [Fact]
    public void Its_clock_stands_still_between_runs_and_ignores_the_wall()
    {
        TimeSpan clock;
        using (CommitJournal journal = _folder.Open())
        {
            Assert.Equal(TimeSpan.Zero, journal.Clock);
            _folder.BootTime += TimeSpan.FromHours(1);
            _folder.Wall += TimeSpan.FromDays(1000);
            Assert.Equal(TimeSpan.FromHours(1), journal.Clock);
            Commit(journal);
            Commit(journal, keep: 0);
            _folder.Wall -= TimeSpan.FromDays(2000);
            Assert.Empty(journal.Write(false, s => s.Due(VaultId, TimeSpan.FromSeconds(1), 10)));
            clock = journal.Clock;
        }
        // Another boot: the kernel's clock begins anew.
        _folder.BootTime = TimeSpan.FromSeconds(3);
        _folder.Boot = _folder.Boot with { Id = "boot-2" };
        using (CommitJournal journal = _folder.Open())
        {
            Assert.Equal(clock, journal.Clock);
            Assert.Empty(journal.Write(false, s => s.Due(VaultId, TimeSpan.FromSeconds(1), 10)));
            _folder.BootTime += TimeSpan.FromSeconds(1);
            Assert.Single(journal.Write(false, s => s.Due(VaultId, TimeSpan.FromSeconds(1), 10)));
        }
    }

    [Fact]
    public void The_run_before_is_told_and_how_it_ended()
    {
        using (CommitJournal journal = _folder.Open())
            Assert.Equal(new PreviousRun(null, DateTimeOffset.UnixEpoch, null), journal.Previous);

        DateTimeOffset stopped = _folder.Wall += TimeSpan.FromMinutes(1);
        using (CommitJournal journal = _folder.Open())
        {
            Assert.Equal(new PreviousRun("boot-1", stopped - TimeSpan.FromMinutes(1), null), journal.Previous);
            journal.RecordOrderlyStop();
        }
        // The next boot: a daemon that dies, then one that asks.
        _folder.Boot = _folder.Boot with { Id = "boot-2" };
        _folder.Wall += TimeSpan.FromMinutes(1);
        using (CommitJournal journal = _folder.Open())
            Assert.Equal(new PreviousRun("boot-1", stopped, stopped) { EarlierBootSyncedAt = stopped }, journal.Previous);
        using (CommitJournal journal = _folder.Open())
        {
            Assert.Equal(new PreviousRun("boot-2", _folder.Wall, null) { EarlierBootSyncedAt = stopped }, journal.Previous);
        }
        _folder.Boot = _folder.Boot with { Id = "boot-3" };
        using (CommitJournal journal = _folder.Open())
            Assert.Equal(new PreviousRun("boot-2", _folder.Wall, null), journal.Previous);
    }

    [Fact]
    public void A_second_daemon_is_refused()
    {
        using (_folder.Open())
        {
            JournalException refused = Assert.Throws<JournalException>(_folder.Open);
            Assert.Contains(_folder.State, refused.Message, StringComparison.Ordinal);
            Assert.Contains($"process {Environment.ProcessId}", refused.Message, StringComparison.Ordinal);
        }
        _folder.Open().Dispose();
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_named()
    {
        using var folder = new JournalFolder("/proc/nothing/state");
        Assert.Contains("/proc/nothing/state", Assert.Throws<JournalException>(folder.Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_owner_can_read_it()
    {
        using CommitJournal journal = _folder.Open();
        Commit(journal);
        Assert.Equal(Errno.None, Stat.StatPath(Name.Of(_folder.State), out FileStatus state));
        Assert.Equal(0x1C0u, state.Permissions);
        foreach (string file in Directory.GetFiles(_folder.State, "journal.db*"))
        {
            Assert.Equal(Errno.None, Stat.StatPath(Name.Of(file), out FileStatus status));
            Assert.Equal(0x180u, status.Permissions);
        }
    }

    [Theory]
    [InlineData("no database")]
    [InlineData("broken page")]
    [InlineData("a stranger's database")]
    public void A_damaged_file_is_set_aside_and_a_new_one_made(string damage)
    {
        using (CommitJournal journal = _folder.Open())
        {
            for (int i = 0; i < 300; i++)
                Commit(journal, $"name-{i}");
        }
        if (damage == "no database")
        {
            File.WriteAllText(_folder.JournalPath, new string('x', 5000));
        }
        else if (damage == "broken page")
        {
            using FileStream file = File.OpenWrite(_folder.JournalPath);
            for (int page = 2; page < file.Length / 4096; page++)
            {
                file.Position = page * 4096;
                file.Write(new byte[64]);
            }
        }
        else
        {
            File.Delete(_folder.JournalPath);
            Sql("CREATE TABLE t(a)");
        }
        byte[] damaged = File.ReadAllBytes(_folder.JournalPath);

        using (CommitJournal journal = _folder.Open())
        {
            Assert.True(journal.IsNew);
            Assert.Equal(_folder.JournalPath + ".damaged-1", journal.WasSetAside);
            Assert.Equal(damaged, File.ReadAllBytes(journal.WasSetAside!));
            Assert.Equal(NameState.Unknown, journal.Write(false, s => s.FindName(VaultId, "name-1")));
            Commit(journal);
        }
        Assert.Contains("damaged-1", Assert.Single(_folder.Errors), StringComparison.Ordinal);

        File.WriteAllText(_folder.JournalPath, new string('y', 5000));
        using (CommitJournal journal = _folder.Open())
            Assert.Equal(_folder.JournalPath + ".damaged-2", journal.WasSetAside);
        using (CommitJournal journal = _folder.Open())
            Assert.Equal((false, null), (journal.IsNew, journal.WasSetAside));
    }

    [Fact]
    public void A_newer_schema_is_refused_and_left_alone()
    {
        _folder.Open().Dispose();
        Sql("PRAGMA user_version = 99");
        byte[] before = File.ReadAllBytes(_folder.JournalPath);
        JournalException refused = Assert.Throws<JournalException>(_folder.Open);
        Assert.Contains("newer", refused.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.JournalPath, refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(_folder.JournalPath));
        Assert.Equal([_folder.JournalPath], Directory.GetFiles(_folder.State, "journal.db*"));
    }

    [Fact]
    public void An_empty_file_is_a_new_journal()
    {
        Directory.CreateDirectory(_folder.State);
        File.WriteAllBytes(_folder.JournalPath, []);
        using CommitJournal journal = _folder.Open();
        Assert.Equal((true, null), (journal.IsNew, journal.WasSetAside));
    }

    private void Sql(string sql)
    {
        Batteries_V2.Init();
        Assert.Equal(0, raw.sqlite3_open(_folder.JournalPath, out sqlite3 db));
        Assert.Equal(0, raw.sqlite3_exec(db, sql));
        raw.sqlite3_close_v2(db);
    }
}

using AtomikD.Linux;
using Xunit;
using static AtomikD.Journal.JournalFolder;

namespace AtomikD.Journal;

/// <summary>A copy of the journal while it is written.</summary>
public sealed class JournalCopyTests : IDisposable
{
    private readonly JournalFolder _folder = new();

    private string CopyName => Path.Combine(_folder.State, "copy");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_copy_under_load_is_of_one_moment_and_a_database_like_any_other()
    {
        using CommitJournal journal = _folder.Open();
        Fill(journal, 4000);
        using var load = new PairLoad(journal);
        using (Fd copy = journal.Copy(CancellationToken.None))
            Save(copy, _folder.JournalPath + ".backup");
        load.Stop();

        using Store store = Store.Open(_folder.JournalPath + ".backup");
        Assert.Equal("delete", store.AskText("PRAGMA journal_mode"));
        Assert.Equal("ok", store.AskText("PRAGMA integrity_check"));
        // Each transaction of the load gives a left and a right name the same number.
        Assert.Equal("", store.AskText("SELECT name FROM names l WHERE name LIKE 'left-%' AND last_number <> (SELECT last_number FROM names r WHERE r.name = replace(l.name, 'left', 'right'))"));
        Assert.InRange(store.AskNumber("SELECT sum(last_number) FROM names WHERE name LIKE 'left-%'"), load.DoneBefore, load.Done);
        // What is live, what is kept, and how many there are, all say the same.
        Assert.Equal(0, store.AskNumber("SELECT count(*) FROM names n WHERE NOT EXISTS (SELECT 1 FROM versions v WHERE v.sequence = n.live AND v.name = n.name AND v.number = n.last_number AND v.state = 1)"));
        Assert.Equal(store.AskNumber("SELECT count(*) FROM names"), store.AskNumber("SELECT count(*) FROM versions WHERE state = 1"));
        Assert.Equal(store.AskNumber("SELECT sum(versions) FROM totals"), store.AskNumber("SELECT count(*) FROM versions WHERE state = 2"));
        Assert.Equal([Path.GetFileName(_folder.JournalPath + ".backup")], Directory.EnumerateFiles(_folder.State, "*.backup*").Select(Path.GetFileName));
        Assert.Empty(_folder.Errors);
    }

    [Fact]
    public void Commits_go_on_between_the_steps()
    {
        using CommitJournal journal = _folder.Open();
        Fill(journal, 60_000);
        using var load = new PairLoad(journal);
        // Were it one step, three or four would find their turn, before it and after it. On a busy machine the load may sleep through a copy.
        Assert.Contains(Enumerable.Range(0, 10), _ =>
        {
            long before = load.Done;
            journal.Copy(CancellationToken.None).Dispose();
            return load.Done - before >= 15;
        });
    }

    [Fact]
    public void Its_file_has_no_name_and_what_a_killed_daemon_left_goes_at_the_next_start()
    {
        File.WriteAllText(Directory.CreateDirectory(_folder.State).FullName + "/copy", "half of one");
        using CommitJournal journal = _folder.Open();
        Assert.False(File.Exists(CopyName));
        using (Fd copy = journal.Copy(CancellationToken.None))
            Assert.False(File.Exists(CopyName));
        Assert.Equal(1, journal.Write(false, session => session.Find(Commit(journal, session, "index.html", 2))!.Number));
    }

    [Fact]
    public async Task Closing_the_journal_ends_a_copy_and_leaves_nothing()
    {
        CommitJournal journal = _folder.Open();
        Fill(journal, 30_000);
        using var inside = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        Task<int> held = journal.WriteAsync(false, _ =>
        {
            inside.Set();
            leave.Wait();
            return 0;
        });
        inside.Wait();
        Task<Fd> copy = Task.Factory.StartNew(() => journal.Copy(CancellationToken.None), TaskCreationOptions.LongRunning);
        Task closing = Task.Factory.StartNew(journal.Dispose, TaskCreationOptions.LongRunning);
        leave.Set();
        await held;
        await closing;
        // It came to its end before, or it did not: the folder is free and clean in any case.
        try
        {
            (await copy).Dispose();
        }
        catch (ObjectDisposedException)
        {
        }
        Assert.False(File.Exists(CopyName));
        _folder.Open().Dispose();
    }

    [Fact]
    public void Who_gives_up_is_let_go_and_the_next_one_served()
    {
        using CommitJournal journal = _folder.Open();
        Fill(journal, 30_000);
        Assert.Throws<OperationCanceledException>(() => journal.Copy(new CancellationToken(canceled: true)));
        Assert.False(File.Exists(CopyName));
        using Fd copy = journal.Copy(CancellationToken.None);
        Assert.Equal(1, journal.Write(false, session => session.Find(Commit(journal, session, "one more", 2))!.Number));
    }

    private static void Save(Fd copy, string path)
    {
        Unistd.Lseek(copy, 0, Unistd.SEEK_SET, out _);
        using FileStream file = File.Create(path);
        var piece = new byte[64 << 10];
        while (Unistd.Read(copy, piece, out int got) == Errno.None && got > 0)
            file.Write(piece, 0, got);
    }
}

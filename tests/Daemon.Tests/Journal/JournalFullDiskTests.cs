using System.Diagnostics;
using AtomikD.Linux;
using AtomikD.Support;
using AtomikD.Versions;
using Xunit;
using static AtomikD.Journal.JournalFolder;

namespace AtomikD.Journal;

/// <summary>A state folder on a disk of its own that is full.</summary>
public sealed class JournalFullDiskTests : IDisposable
{
    private const int Megabyte = 1 << 20;

    private readonly string _mount = Directory.CreateTempSubdirectory("journal-disk-").FullName;
    private readonly string _filler;
    private bool _isMounted;

    public JournalFullDiskTests() => _filler = Path.Combine(_mount, "filler");

    public void Dispose()
    {
        if (_isMounted)
            Run("umount", "-l", _mount);
        Directory.Delete(_mount, recursive: true);
    }

    [Fact]
    public void The_reserve_is_given_up_the_result_recorded_and_the_reserve_made_again()
    {
        MountSmallDisk();
        using var folder = new JournalFolder(Path.Combine(_mount, "state"));
        string reserve = Path.Combine(folder.State, "reserve");
        SlotId open;
        using (CommitJournal journal = folder.Open())
        {
            Assert.Equal(4 * Megabyte, new FileInfo(reserve).Length);
            Intent intent = NewIntent(journal, "open");
            open = intent.Id;
            journal.Write(true, s =>
            {
                s.InsertIntent(intent);
                return 0;
            });
            FillTheDisk();

            // Until the log has no more room: then the reserve goes, and nobody notices.
            int commits = 0;
            for (; File.Exists(reserve); commits++)
                Assert.Equal(commits + 1, journal.Write(true, s => s.Find(Commit(journal, s, "index.html", 2))!.Number));
            Assert.Empty(folder.Errors);

            // Full for good: an error with its reason, and nothing of that transaction.
            FillTheDisk();
            JournalException? full = null;
            for (int i = 0; full is null && i < 10_000; i++)
            {
                try
                {
                    journal.Write(true, s => s.Find(Commit(journal, s, "index.html", 2))!.Number);
                    commits++;
                }
                catch (JournalException e)
                {
                    full = e;
                }
            }
            Assert.Equal(SqliteCode.Full, full!.PrimaryCode);
            Assert.Contains(folder.JournalPath, full.Message, StringComparison.Ordinal);
            Assert.Equal(commits, journal.Write(false, s => s.FindName(VaultId, "index.html")).LastNumber);

            // Room again: the next transaction is taken, and the reserve comes back.
            File.Delete(_filler);
            folder.BootTime += TimeSpan.FromMinutes(1);
            Assert.Equal(commits + 1, journal.Write(true, s => s.Find(Commit(journal, s, "index.html", 2))!.Number));
            Eventually.True(() => File.Exists(reserve), "the reserve is made again");
        }
        using CommitJournal again = folder.Open();
        Assert.Equal(open, Assert.Single(again.Write(false, s => s.OpenIntents(VaultId))).Id);
    }

    [Fact]
    public void A_journal_opens_on_a_full_disk()
    {
        MountSmallDisk();
        using var folder = new JournalFolder(Path.Combine(_mount, "state"));
        using (CommitJournal journal = folder.Open())
            Commit(journal);
        FillTheDisk();
        folder.Wall += TimeSpan.FromMinutes(1); // else nothing differs, and SQLite writes nothing
        using (CommitJournal journal = folder.Open())
            Assert.Equal(1, journal.Write(false, s => s.FindName(VaultId, "index.html")).LastNumber);
        Assert.False(File.Exists(Path.Combine(folder.State, "reserve")));
    }

    private void MountSmallDisk()
    {
        Assert.SkipUnless(Unistd.GetEuid() == 0, "mounting a small disk needs root");
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", _mount) == 0, "tmpfs cannot be mounted here");
        _isMounted = true;
    }

    private void FillTheDisk()
    {
        byte[] page = new byte[4096];
        using FileStream file = new(_filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
                file.Write(page);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}

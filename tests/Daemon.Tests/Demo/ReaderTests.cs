using AtomikD.Support;
using Xunit;

namespace AtomikD.Demo;

/// <summary>The demo's readers beside a publisher that keeps none of the promises.</summary>
public sealed class ReaderTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Tally _tally = new();
    private readonly CancellationTokenSource _stop = new();

    private string Site => _folder["site"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_folder_that_is_written_in_place_is_seen_torn(bool byPath)
    {
        DemoContent.Write(1, Site);
        Reader reader = Start(byPath);

        long version = 1;
        Eventually.True(() =>
        {
            DemoContent.Write(++version, Site);
            return _tally.Torn > 0;
        }, "a torn read", TimeSpan.FromSeconds(30));

        Stop(reader);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_destination_that_is_away_for_a_moment_is_missed(bool byPath)
    {
        DemoContent.Write(1, Site);
        Reader reader = Start(byPath);

        Eventually.True(() =>
        {
            Directory.Move(Site, _folder["away"]);
            Thread.Yield();
            Directory.Move(_folder["away"], Site);
            return _tally.Missing > 0;
        }, "a missing read", TimeSpan.FromSeconds(30));

        Stop(reader);
    }

    [Fact]
    public void An_old_version_that_comes_back_is_found()
    {
        DemoContent.Write(2, Site);
        DemoContent.Write(1, _folder["old"]);
        Reader reader = Start(byPath: false);
        Eventually.True(() => _tally.Reads > 0, "version 2 is read");

        Directory.Move(Site, _folder["away"]);
        Directory.Move(_folder["old"], Site);

        Eventually.True(() => _tally.Torn > 0, "version 1 after version 2");
        Stop(reader);
        Assert.Contains(_tally.Problems, problem => problem.Contains("found after version 2", StringComparison.Ordinal));
    }

    [Fact]
    public void A_version_that_is_deleted_under_a_lock_is_missed()
    {
        DemoContent.Write(1, Site);
        // So slow that the deletion comes between its files.
        var reader = new LockingReader(Site, TimeSpan.FromSeconds(2), _tally, () => 0, _stop.Token);
        reader.Start();
        Eventually.True(() => Command.Run("flock", "-x", "-n", Site, "true").ExitCode == 1, "the reader's lock");

        Directory.Delete(Path.Combine(Site, "js"), recursive: true);

        Eventually.True(() => _tally.Missing > 0, "the missing file");
        Stop(reader);
    }

    public void Dispose()
    {
        _stop.Dispose();
        _folder.Dispose();
    }

    private Reader Start(bool byPath)
    {
        TimeSpan keepFor = TimeSpan.FromMinutes(1);
        Reader reader = byPath ? new PathReader(Site, keepFor, _tally, _stop.Token) : new FolderReader(Site, keepFor, _tally, _stop.Token);
        reader.Start();
        return reader;
    }

    private void Stop(Reader reader)
    {
        _stop.Cancel();
        reader.Join();
    }
}

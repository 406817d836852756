namespace AtomikD.Commits;

/// <summary>
/// Which way of syncing costs less now: each file and folder on its own, or one syncfs, which also pays for what strangers
/// wrote to the file system. Both costs are measured as they come. Times are in seconds.
/// </summary>
internal sealed class SyncCosts(TimeProvider time)
{
    /// <summary>Weight of the newest measurement.</summary>
    private const double Weight = 0.2;

    /// <summary>A syncfs counts as a mistake when it took so many times what the other way would have taken, and this much more.</summary>
    private const double Regret = 4;
    private const double RegretBeyond = 0.050;
    private static readonly TimeSpan s_firstPenance = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_longestPenance = TimeSpan.FromMinutes(1);

    /// <summary>Per file or folder, at the number of threads in use.</summary>
    private double _each = 0.000_3;
    private double _syncfs = 0.006;
    private TimeSpan _nextPenance = s_firstPenance;
    private TimeSpan _penance;
    private long _mistakeAt;

    /// <param name="things">Files and folders that a syncfs would sync and that somebody waits for: those of the requests behind, too.</param>
    public bool IsSyncfsCheaper(double things) => time.GetElapsedTime(_mistakeAt) >= _penance && things * _each > _syncfs;

    public void SyncfsTook(double seconds, double things)
    {
        _syncfs += Weight * (seconds - _syncfs);
        if (seconds <= (Regret * things * _each) + RegretBeyond)
        {
            _nextPenance = s_firstPenance;
            return;
        }
        (_mistakeAt, _penance) = (time.GetTimestamp(), _nextPenance);
        _nextPenance = TimeSpan.FromTicks(Math.Min(_penance.Ticks * 2, s_longestPenance.Ticks));
    }

    public void EachTook(double seconds, double things) => _each += Weight * ((seconds / Math.Max(1, things)) - _each);
}

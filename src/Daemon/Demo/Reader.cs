using System.Diagnostics;
using AtomikD.Linux;

namespace AtomikD.Demo;

/// <summary>A thread that reads the live folder again and again, and compares all that it reads.</summary>
internal abstract class Reader
{
    private readonly Thread _thread;
    private readonly string _kind;
    private readonly CancellationToken _stop;
    private long _newest;

    /// <param name="kind">What it is called where something is wrong.</param>
    /// <param name="site">The live folder.</param>
    /// <param name="keepFor">How long a replaced version stays at least.</param>
    /// <param name="tally">Where it counts.</param>
    /// <param name="stop">Ends it after what it is reading.</param>
    protected Reader(string kind, string site, TimeSpan keepFor, Tally tally, CancellationToken stop)
    {
        _kind = kind;
        _stop = stop;
        Site = site;
        KeepFor = keepFor;
        Tally = tally;
        _thread = new Thread(Loop) { Name = kind, IsBackground = true };
    }

    protected string Site { get; }

    protected TimeSpan KeepFor { get; }

    protected Tally Tally { get; }

    protected VersionCheck Check { get; } = new();

    public void Start() => _thread.Start();

    public void Join() => _thread.Join();

    /// <summary>One read from its beginning to its end.</summary>
    protected abstract void Read();

    protected Errno OpenSite(out Fd folder) => Fcntl.Open(Name.Of(Site), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0, out folder);

    /// <summary>The destination itself has no excuse: it must be there at every instant.</summary>
    protected void CountNoDestination(Errno error) => Tally.Count(_kind, Verdict.NotOpened(0, Site, error));

    /// <param name="verdict">What was found.</param>
    /// <param name="opened">When the destination was opened.</param>
    /// <param name="isHeld">A lock was taken before the version could become due.</param>
    protected void Count(in Verdict verdict, long opened, bool isHeld = false)
    {
        if (verdict.Outcome == Outcome.Missing && !isHeld && Stopwatch.GetElapsedTime(opened) > KeepFor)
        {
            Tally.CountLate();
            return;
        }
        Tally.Count(_kind, verdict);
        if (verdict.Outcome == Outcome.Whole && verdict.Version < _newest)
            Tally.Count(_kind, Verdict.Torn(verdict.Version, $"version {verdict.Version} was found after version {_newest}"));
        _newest = Math.Max(_newest, verdict.Version);
    }

    /// <summary>Sleeps, or less when the demo ends.</summary>
    protected void Pause(TimeSpan time) => _stop.WaitHandle.WaitOne(time);

    private void Loop()
    {
        while (!_stop.IsCancellationRequested)
            Read();
    }
}

using System.Diagnostics;
using AtomikD.Commits;
using AtomikD.Routes;
using AtomikD.Trees;

namespace AtomikD.Versions;

/// <summary>
/// When to delete and when to rest. Idle I/O priority does not spare commits, since deletes sit in the transaction that
/// their fsync waits for; so it is full speed while no commits come, and a tenth of the time while they do.
/// </summary>
internal sealed class CollectorPace(OpenFolders folders, Lane lane, Func<bool> isHurried, CancellationToken stop)
{
    private static readonly TimeSpan s_longPiece = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan s_longestRest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_comingFor = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_quietLimit = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_hurriedLimit = TimeSpan.FromMilliseconds(50);

    private long _begun = Stopwatch.GetTimestamp();
    private long _entered = lane.Entered;
    private long? _cameAt;

    /// <summary>Unlinks of the piece under way.</summary>
    public int Unlinks { get; private set; }

    /// <summary>Space is nearly used up: half of the time then.</summary>
    public bool IsShortOfSpace { get; set; }

    /// <summary>For TreeDelete: a piece is full.</summary>
    public void Piece(int unlinks) => Rest();

    /// <summary>After a tree, however small.</summary>
    /// <param name="unlinks">Of the tree, and of the piece in which it was begun.</param>
    public void Did(long unlinks)
    {
        Unlinks = (int)(unlinks % TreeDelete.UnlinksPerPiece);
        if (Stopwatch.GetElapsedTime(_begun) >= s_longPiece)
            Rest();
    }

    /// <summary>Ends a piece: throws where work is to end, and lets commits pass.</summary>
    public void Rest()
    {
        if (stop.IsCancellationRequested || folders.IsRetired)
            throw new OperationCanceledException(stop);
        if (CommitsKeepComing())
        {
            if (isHurried())
            {
                lane.WaitForQuiet(s_hurriedLimit);
            }
            else
            {
                TimeSpan rest = Stopwatch.GetElapsedTime(_begun) * (IsShortOfSpace ? 1 : 9);
                stop.WaitHandle.WaitOne(rest < s_longestRest ? rest : s_longestRest);
                lane.WaitForQuiet(s_quietLimit);
            }
        }
        Unlinks = 0;
        _begun = Stopwatch.GetTimestamp();
    }

    private bool CommitsKeepComing()
    {
        long entered = lane.Entered;
        if (entered != _entered || lane.InWork > 0)
            _cameAt = Stopwatch.GetTimestamp();
        _entered = entered;
        return _cameAt is { } at && Stopwatch.GetElapsedTime(at) < s_comingFor;
    }
}
